"""The figures agree with scikit-learn's and with their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, mean_poisson_deviance, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from scoring.answers import Outlook
from training.metrics import (
    auc,
    average_precision,
    band_table,
    calibration_error,
    calibration_table,
    capture,
    decile_table,
    deviance,
    gini,
    level_offset,
    lift_table,
    log_loss,
    ranks_of,
    roc,
    spearman,
    tier_table,
)


@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_ranking_agrees_with_scikit_learn(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    bought = np.append((random.random(count) < 0.4).astype(float), [0.0, 1.0])
    score = random.integers(1, 8, count + 2) / 8

    assert auc(bought, score) == pytest.approx(roc_auc_score(bought, score))
    assert average_precision(bought, score) == pytest.approx(average_precision_score(bought, score))
    assert log_loss(bought, score) == pytest.approx(sklearn_log_loss(bought, np.clip(score, 1e-5, 1 - 1e-5)))


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_deviance_agrees_with_scikit_learn(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    expected = random.gamma(1.0, 2.0, count) + 1e-4
    orders = random.poisson(expected).astype(float)

    assert deviance(orders, expected) == pytest.approx(mean_poisson_deviance(orders, expected))


def test_what_came_though_it_was_not_expected_costs_much_and_not_without_end() -> None:
    assert deviance(np.array([1.0]), np.array([0.0])) == pytest.approx(2 * (np.log(1e5) - 1 + 1e-5))


def test_gini_and_capture_of_perfect_reversed_and_constant_predictions() -> None:
    spend = np.arange(100.0)

    assert gini(spend, spend) == pytest.approx(1)
    assert gini(spend, -spend) < -0.9
    assert abs(gini(spend, np.zeros(100))) < 0.3
    assert capture(spend, spend) == pytest.approx(spend[90:].sum() / spend.sum())
    assert spearman(spend, spend**3) == pytest.approx(1)
    assert np.isnan(spearman(spend, np.zeros(100)))


@given(st.lists(st.integers(-3, 3), min_size=1))
def test_equal_values_share_their_ranks(values: list[int]) -> None:
    assert ranks_of(np.array(values, dtype=np.float64)).tolist() == rankdata(values).tolist()


def test_one_class_has_no_auc() -> None:
    assert np.isnan(auc(np.ones(3), np.arange(3.0)))


def test_calibration_of_a_predictor_that_is_off_by_a_tenth() -> None:
    bought = np.tile([1.0, 0.0], 500)

    assert calibration_error(bought, np.full(1000, 0.6)) == pytest.approx(0.1)
    assert [row["customers"] for row in calibration_table(bought, np.full(1000, 0.6))] == [100] * 10


def test_the_level_offset_moves_the_mean_to_the_rate() -> None:
    random = np.random.default_rng(1)
    probability = random.uniform(0.05, 0.6, 1000)
    bought = (random.random(1000) < 0.7).astype(float)
    shifted = 1 / (1 + (1 / probability - 1) * np.exp(-level_offset(bought, probability)))

    assert shifted.mean() == pytest.approx(bought.mean(), abs=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_the_area_below_the_curve_is_the_auc(seed: int) -> None:
    random = np.random.default_rng(seed)
    bought = np.append((random.random(300) < 0.4).astype(float), [0.0, 1.0])
    score = random.integers(1, 12, 302) / 12
    across, up = np.array(roc(bought, score)).T

    assert np.trapezoid(up, across) == pytest.approx(auc(bought, score), abs=0.01)
    assert (np.diff(up) >= -1e-12).all()
    assert (across[0], across[-1], up[-1]) == (0.0, 1.0, 1.0)


def test_tables_are_of_the_highest_predictions_first() -> None:
    spend = np.arange(100.0)

    assert decile_table(spend, spend)[0] == {"customers": 10, "predicted": 94.5, "spent": 94.5}
    assert [row["spent"] for row in decile_table(spend, -spend)][:2] == [4.5, 14.5]
    buyers = (spend >= 80).astype(float)
    assert [round(row["found"], 9) for row in lift_table(buyers, spend)][:3] == [0.5, 1.0, 1.0]
    assert lift_table(buyers, spend)[0]["lift"] == pytest.approx(5)


def test_tiers_are_bounded_by_their_thresholds() -> None:
    found = tier_table(np.array([5.0, 50.0, 7.0]), np.array([10.0, 20.0, 5.0]), {"MID": 6.0, "HIGH": 20.0})

    assert found == [
        {"tier": "HIGH", "customers": 1, "predicted": 20.0, "spent": 50.0},
        {"tier": "MID", "customers": 1, "predicted": 10.0, "spent": 5.0},
        {"tier": "LOW", "customers": 1, "predicted": 5.0, "spent": 7.0},
    ]


def test_bands_are_counted_beside_what_is_due_of_all_and_by_tier() -> None:
    chance = np.array([[0.95], [0.95], [0.1], [0.1]])
    said = Outlook(purchase=chance, churn=1 - chance[:, 0], log_mean=np.full(4, 5.0), sigma=np.full(4, 0.5))

    assert band_table(np.array([150.0, 9999.0, 0.0, 5.0]), said, {"HIGH": 100.0}) == [
        {"tier": "all", "customers": 4, "held": 0.5, "due": pytest.approx(0.85)},
        {"tier": "HIGH", "customers": 2, "held": 0.5, "due": pytest.approx(0.8)},
        {"tier": "LOW", "customers": 2, "held": 0.5, "due": pytest.approx(0.9)},
    ]
