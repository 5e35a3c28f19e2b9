"""Differences, lifts and their intervals against published numbers, scipy and least squares."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.moments import measured
from scipy import stats

from campaigns.experiments.effect import (
    Estimate,
    Interval,
    compare,
    difference_interval,
    fixed_critical_value,
    fixed_p_value,
    lift_interval,
)
from campaigns.experiments.moments import Floats, Moments

SEEDS = st.integers(0, 2**32)


def with_mean(mean: float, deviation: float, count: int) -> Moments:
    squares = deviation**2 * (count - 1) + count * mean**2
    return Moments(count=count, outcome=count * mean, outcome_squared=squares)


def sample(seed: int, count: int, *, effect: float = 0.0) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    prediction = rng.gamma(1.0, 10.0, count)
    return prediction + rng.exponential(5.0, count) + effect, prediction


def test_the_golden_numbers_of_growthbook() -> None:
    """gbstats, packages/stats/tests/frequentist/test_tests.py at commit 06b4ae4f."""
    estimate = compare(with_mean(0.7, 6.2, 3461), with_mean(0.41, 3.9, 3407))
    span = difference_interval(estimate, fixed_critical_value(estimate, 0.05))
    assert estimate.difference == pytest.approx(0.29)
    assert (span.low, span.high) == pytest.approx((0.04538, 0.53462), abs=1e-5)
    assert fixed_p_value(estimate) == pytest.approx(0.02016, abs=1e-5)
    assert estimate.lift == pytest.approx(0.70732, abs=1e-5)


@given(seed=SEEDS, arm_count=st.integers(2, 200), holdout_count=st.integers(2, 50))
def test_without_a_prediction_it_is_welchs_test(seed: int, arm_count: int, holdout_count: int) -> None:
    arm, holdout = sample(seed, arm_count, effect=2.0)[0], sample(seed + 1, holdout_count)[0]
    estimate = compare(measured(arm), measured(holdout))
    expected = stats.ttest_ind(arm, holdout, equal_var=False)
    span = difference_interval(estimate, fixed_critical_value(estimate, 0.1))
    assert fixed_p_value(estimate) == pytest.approx(expected.pvalue, rel=1e-6)
    assert (span.low, span.high) == pytest.approx(tuple(expected.confidence_interval(0.9)), rel=1e-6)
    assert estimate.variance_left == 1.0


@given(seed=SEEDS)
def test_with_a_prediction_it_is_the_coefficient_of_least_squares(seed: int) -> None:
    (arm, arm_prediction), (holdout, holdout_prediction) = sample(seed, 60, effect=3.0), sample(seed + 1, 20)
    estimate = compare(measured(arm, arm_prediction), measured(holdout, holdout_prediction))
    treated = np.repeat([1.0, 0.0], [60, 20])
    design = np.column_stack([np.ones(80), treated, np.concatenate([arm_prediction, holdout_prediction])])
    coefficients = np.linalg.lstsq(design, np.concatenate([arm, holdout]))[0]
    assert estimate.difference == pytest.approx(coefficients[1], rel=1e-6, abs=1e-9)


def test_a_prediction_narrows_by_the_correlation_squared() -> None:
    (arm, arm_prediction), (holdout, holdout_prediction) = sample(1, 90_000), sample(2, 10_000)
    estimate = compare(measured(arm, arm_prediction), measured(holdout, holdout_prediction))
    correlation = np.corrcoef(holdout, holdout_prediction)[0, 1]
    assert estimate.variance_left == pytest.approx(1 - correlation**2, abs=0.02)
    assert estimate.variance_left == pytest.approx(0.2, abs=0.02)


def test_a_prediction_that_is_the_same_for_all_changes_nothing() -> None:
    arm, holdout = np.array([1.0, 4.0, 2.0]), np.array([0.0, 3.0])
    constant = compare(measured(arm, np.full(3, 7.0)), measured(holdout, np.full(2, 7.0)))
    assert constant == compare(measured(arm), measured(holdout))


@given(seed=SEEDS, critical=st.floats(1.0, 4.0))
def test_at_the_ends_of_fiellers_interval_the_data_just_do_not_contradict(seed: int, critical: float) -> None:
    estimate = compare(measured(sample(seed, 100)[0]), measured(sample(seed + 1, 100)[0]))
    span = lift_interval(estimate, critical)
    assert span is not None
    for lift in (span.low, span.high):
        gap = estimate.arm_mean - (1 + lift) * estimate.holdout_mean
        error = math.hypot(estimate.arm_error, (1 + lift) * estimate.holdout_error)
        assert abs(gap) == pytest.approx(critical * error, rel=1e-6)
    assert estimate.lift is not None
    assert estimate.lift in span


def test_a_holdout_that_hardly_bought_gives_no_lift() -> None:
    estimate = compare(with_mean(5.0, 10.0, 1_000), with_mean(0.1, 10.0, 100))
    assert lift_interval(estimate, 1.96) is None
    assert compare(with_mean(5.0, 1.0, 10), with_mean(0.0, 1.0, 10)).lift is None


def test_when_nobody_bought_nothing_is_known() -> None:
    estimate = compare(measured(np.zeros(50)), measured(np.zeros(10)))
    assert fixed_p_value(estimate) == 1.0
    assert difference_interval(estimate, 1.96) == Interval(low=-math.inf, high=math.inf)
    assert lift_interval(estimate, 1.96) is None


def test_a_cost_that_only_the_arm_has_is_compared_with_nothing() -> None:
    estimate = compare(with_mean(120.0, 30.0, 900), measured(np.zeros(100)))
    assert estimate.difference == pytest.approx(120.0)
    assert estimate.standard_error == pytest.approx(1.0)
    assert estimate.degrees_of_freedom == pytest.approx(899.0)


def test_one_customer_is_no_group() -> None:
    with pytest.raises(ValueError, match="holdout has 1 customers"):
        compare(measured(np.ones(5)), measured(np.ones(1)))


def test_an_interval_scales() -> None:
    span = Interval(low=-1.0, high=2.0).times(10.0)
    assert (span, 3.0 in span, 21.0 in span) == (Interval(low=-10.0, high=20.0), True, False)


def test_errors_of_both_groups_add_up() -> None:
    estimate = Estimate(
        arm_mean=3.0, holdout_mean=2.0, arm_error=0.3, holdout_error=0.4, degrees_of_freedom=9.0, customers=20,
        variance_left=1.0,
    )  # fmt: skip
    assert estimate.standard_error == pytest.approx(0.5)
