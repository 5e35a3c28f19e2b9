"""Whether explanations are true of the model: their parts beside two other ways to ask for the same."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from events.history import Histories
from scoring.scorer import Scorer
from scoring.seen.actions import Floats
from training.metrics import spearman

NOTHING = 1e-9
"""Logits, below which a part does not count."""


class Faithfulness(NamedTuple):
    """Rank correlations (Spearman) over the parts of each customer, without those of whom there is none."""

    left_out: Floats
    """With what leaving out each part alone does to the score."""
    gradients: Floats
    """Of the networks' part alone: with its integrated gradients."""


def faithfulness(scorer: Scorer, customers: Histories, as_of: float) -> Faithfulness:
    """Of the explanations of C customers at a time (epoch seconds)."""
    parts = scorer.parts(customers, np.full(len(customers), as_of))
    return Faithfulness(
        left_out=_correlations((each.shared, each.left_out) for each in parts),
        gradients=_correlations((each.of_networks, each.gradients) for each in parts),
    )


def _correlations(pairs: Iterator[tuple[Floats, Floats]]) -> Floats:
    found = []
    for one, other in pairs:
        counts = np.abs(one) + np.abs(other) > NOTHING
        if counts.any():
            found.append(spearman(one[counts], other[counts]))
    return np.array([each for each in found if np.isfinite(each)])
