"""Shares: who forecasts what no fit has seen gets more, who loses gets nothing, and the season decides nothing."""

from dataclasses import replace

import numpy as np
import pytest
from made.histories import random_shop
from networks.small_training import course, prepared

from scoring.answers import Answers
from scoring.mixture import Mixture, Predictor
from scoring.networks.network import HORIZONS
from scoring.predictors.linear import Linear, linear_from
from scoring.seen.actions import Floats
from training.loss import level_free_loss
from training.material.labels import Labels
from training.material.validation import Forward
from training.predictors.linear_start import solve_linear
from training.predictors.shares import Said, figures_of, mixture_of, stack
from training.predictors.speakers import speakers_of

CUSTOMERS = 3000
RANDOM = np.random.default_rng(3)
TRUTH = RANDOM.normal(-1.0, 1.0, (CUSTOMERS, 1)) + np.zeros((1, len(HORIZONS)))


def forward(hazards: Floats = TRUTH) -> Forward:
    """What came of customers whose hazards were these; a buyer's log spend is the first of them."""
    random = np.random.default_rng(4)
    happened = random.random(hazards.shape) < 1 / (1 + np.exp(-hazards))
    interval = np.where(happened.any(axis=1), happened.argmax(axis=1), len(HORIZONS))
    spend = np.where(interval < len(HORIZONS), np.exp(8 + hazards[:, 0] + random.normal(0, 0.1, CUSTOMERS)), 0.0)
    made = prepared(course(random_shop(20, seed=1))).examples
    pairs = replace(
        made.pairs,
        customer=np.arange(CUSTOMERS),
        as_of=np.zeros(CUSTOMERS),
        first=np.zeros(CUSTOMERS, np.int64),
        last=np.zeros(CUSTOMERS, np.int64),
    )
    return Forward(
        tokens=made.tokens, pairs=pairs, tabular=np.zeros((CUSTOMERS, 1), np.float32),
        labels=Labels(
            told=np.full(CUSTOMERS, 3), interval=interval, spend=spend,
            orders=np.zeros(CUSTOMERS), silent=np.zeros(CUSTOMERS),
        ),
        new=np.zeros(CUSTOMERS, bool),
    )  # fmt: skip


SEEN = forward()


def said(**hazards: Floats) -> Said:
    return {Predictor(name): (values, values[:, 0]) for name, values in hazards.items()}


def noise(seed: int) -> Floats:
    return np.random.default_rng(seed).normal(0, 1.0, (CUSTOMERS, 1)) + np.zeros((1, len(HORIZONS)))


def test_a_predictor_that_only_harms_gets_nothing() -> None:
    found = stack(said(networks=TRUTH, trees=-TRUTH, linear=noise(5) - TRUTH), SEEN)

    assert found.purchase == {Predictor.NETWORKS: 1.0}
    assert found.spend == {Predictor.NETWORKS: 1.0}
    assert figures_of(said(networks=TRUTH, trees=-TRUTH), found, SEEN)["trees"]["purchase_share"] == 0.0


def test_predictors_that_err_apart_share_the_answer_the_more_alike_the_fewer_customers_tell() -> None:
    told = said(networks=TRUTH + 0.3 * noise(6), trees=TRUTH + 0.9 * noise(7))
    pairs = replace(SEEN.pairs, customer=np.arange(CUSTOMERS) % 100)
    plain, few = stack(told, SEEN), stack(told, replace(SEEN, pairs=pairs))
    trees = Predictor.TREES

    assert sum(plain.purchase.values()) == sum(few.purchase.values()) == pytest.approx(1.0)
    assert 0.05 < plain.purchase[trees] < few.purchase[trees] < 0.5
    assert 0.05 < plain.spend[trees] < few.spend[trees] < 0.5


def test_the_level_of_a_season_decides_nothing() -> None:
    plain = stack(said(networks=TRUTH + 0.3 * noise(6), trees=TRUTH + 0.5 * noise(7)), SEEN)
    shifted = stack(said(networks=TRUTH + 0.3 * noise(6) - 2.0, trees=TRUTH + 0.5 * noise(7) + 1.0), SEEN)

    assert shifted.purchase == pytest.approx(plain.purchase, abs=1e-3)
    assert level_free_loss(TRUTH - 1.5, SEEN.labels.interval) == pytest.approx(
        level_free_loss(TRUTH, SEEN.labels.interval), abs=1e-6
    )


def test_too_few_cases_leave_equal_shares() -> None:
    nobody = replace(SEEN, labels=replace(SEEN.labels, interval=np.full(CUSTOMERS, len(HORIZONS))))
    found = stack(said(networks=TRUTH, trees=-TRUTH), nobody)

    assert found.purchase == found.spend == {Predictor.NETWORKS: 0.5, Predictor.TREES: 0.5}


def test_the_answer_is_mixed_in_logits_by_the_shares() -> None:
    linear = Linear(np.full((4, 2), 0.5), np.arange(4.0))
    mixture = Mixture(
        speakers={Predictor.LINEAR: linear}, purchase={Predictor.NETWORKS: 0.25, Predictor.LINEAR: 0.75},
        spend={Predictor.LINEAR: 1.0},
    )  # fmt: skip
    answers = Answers(
        hazards=np.full((1, 3), 2.0), log_mean=np.array([9.0]), log_sigma=np.array([-0.5]), silence=np.array([0.1])
    )
    mixed = mixture.mixed(answers, np.array([[1.0, 3.0]], dtype=np.float32))

    np.testing.assert_allclose(mixed.hazards, [[0.5 + 0.75 * 2, 0.5 + 0.75 * 3, 0.5 + 0.75 * 4]])
    assert mixed.log_mean.tolist() == [5.0]
    assert (mixed.log_sigma.tolist(), mixed.silence.tolist()) == ([-0.5], [0.1])


def test_the_closed_form_reads_its_own_outputs_only() -> None:
    of = course(random_shop(240, seed=5))
    data = prepared(of)
    speakers = speakers_of(data, solve_linear(data, of.configuration, 0), None, of.configuration, 0)
    closed = speakers[Predictor.CLOSED_FORM]
    assert isinstance(closed, Linear)
    used = {name for name, weight in zip(data.normaliser.names, closed.weights.T, strict=True) if weight.any()}

    assert used <= {"alive", "chance_90", "expected_orders_90", "expected_basket", "expected_spend_90"}
    assert "chance_90" in used
    assert Predictor.TREES not in mixture_of(speakers, stack(said(networks=TRUTH), SEEN)).speakers


def test_a_linear_predictor_of_another_shape_is_refused() -> None:
    arrays = Linear(np.zeros((4, 2)), np.zeros(4)).arrays("linear")

    assert linear_from(arrays, "linear", 2).weights.shape == (4, 2)
    with pytest.raises(ValueError, match=r"linear has shape \(4, 2\), expected \(4, 3\)"):
        linear_from(arrays, "linear", 3)
