"""What is left of a mixture when a predictor is left out."""

import pytest

from bench.ablation import mixtures, without
from scoring.mixture import Mixture, Predictor

SHARES = {Predictor.NETWORKS: 0.2, Predictor.TREES: 0.3, Predictor.LINEAR: 0.5}


def test_the_others_keep_their_proportions() -> None:
    assert without(SHARES, Predictor.LINEAR) == pytest.approx({Predictor.NETWORKS: 0.4, Predictor.TREES: 0.6})
    assert without(SHARES, Predictor.CLOSED_FORM) == SHARES
    assert without({Predictor.TREES: 1.0}, Predictor.TREES) == {Predictor.TREES: 1.0}


def test_each_that_has_a_share_is_heard_alone_and_left_out() -> None:
    mixture = Mixture(purchase={Predictor.NETWORKS: 0.2, Predictor.TREES: 0.8}, spend={Predictor.LINEAR: 1.0})
    found = dict(mixtures(mixture))

    assert list(found) == [
        "networks alone", "trees alone", "linear alone", "without networks", "without trees", "without linear",
    ]  # fmt: skip
    assert found["linear alone"].purchase == found["linear alone"].spend == {Predictor.LINEAR: 1.0}
    assert found["without trees"].purchase == {Predictor.NETWORKS: 1.0}
    assert found["without linear"].spend == {Predictor.LINEAR: 1.0}
