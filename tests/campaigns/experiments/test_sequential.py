"""The confidence sequence against published numbers, and its promise over all looks together."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.experiments.effect import Estimate, difference_interval
from campaigns.experiments.sequential import (
    Boundary,
    always_valid_p_value,
    boundary,
    critical_value,
    final_critical_value,
    final_time,
    intrinsic_time,
)


def estimate_of(difference: float, error: float, customers: int = 1_000) -> Estimate:
    return Estimate(
        arm_mean=difference, holdout_mean=0.0, arm_error=error, holdout_error=0.0,
        degrees_of_freedom=float(customers - 2), customers=customers, variance_left=1.0,
    )  # fmt: skip


def test_the_golden_numbers_of_growthbook() -> None:
    """TestSequentialTTest of gbstats: 3,000 and 3,461 customers, tuned for 1,000, error 0.33341, +-1.0618."""
    per_customer = 6461 * 0.33341**2
    limit = boundary(0.05, final_time=1_000 * per_customer)
    estimate = estimate_of(0.50336, 0.33341, customers=6461)
    span = difference_interval(estimate, critical_value(limit, intrinsic_time(estimate)))
    assert (span.low, span.high) == pytest.approx((-0.55844, 1.56516), abs=2e-5)
    assert always_valid_p_value(limit, estimate) == 1.0


def test_the_paper_s_formula() -> None:
    """Theorem 2.2 with t = 500, sigma = 2 and rho = 0.1."""
    t, sigma, rho, alpha = 500, 2.0, 0.1, 0.05
    half = sigma * math.sqrt(2 * (t * rho**2 + 1) / (t * rho) ** 2 * math.log(math.sqrt(t * rho**2 + 1) / alpha))
    ours = critical_value(Boundary(alpha=alpha, mixing_variance=sigma**2 / rho**2), t * sigma**2)
    assert ours * sigma / math.sqrt(t) == pytest.approx(half)


def test_the_price_of_looking_at_any_time() -> None:
    assert final_critical_value(0.05) == pytest.approx(3.035, abs=1e-3)


def test_the_sequence_is_narrowest_at_the_planned_end() -> None:
    limit = boundary(0.05, final_time=100.0)
    widths = {time: critical_value(limit, time) for time in (1.0, 10.0, 100.0, 1_000.0, 10_000.0)}
    assert min(widths, key=lambda time: widths[time]) == 100.0
    assert widths[1.0] > 7


def test_the_final_time_is_that_of_the_final_estimate() -> None:
    error = 3.0 * math.sqrt(1 / 900 + 1 / 100)
    assert final_time(arm=900, holdout=100, standard_deviation=3.0) == pytest.approx(
        intrinsic_time(estimate_of(1.0, error))
    )


@given(
    difference=st.floats(-10, 10),
    error=st.floats(0.01, 10),
    planned=st.floats(1e-2, 1e10),
    alpha=st.floats(0.001, 0.2),
)
def test_the_p_value_falls_below_alpha_when_zero_falls_out(
    difference: float, error: float, planned: float, alpha: float
) -> None:
    limit, estimate = boundary(alpha, final_time=planned), estimate_of(difference, error)
    margin = abs(difference) / error - critical_value(limit, intrinsic_time(estimate))
    p_value = always_valid_p_value(limit, estimate)
    assert 0 < p_value <= 1 or margin > 30
    if abs(margin) > 1e-6:
        assert (p_value < alpha) == (margin > 0)


def test_nothing_is_concluded_while_nothing_varies() -> None:
    assert always_valid_p_value(boundary(0.05, final_time=1.0), estimate_of(0.0, 0.0)) == 1.0


@pytest.mark.parametrize("planned", [0.01, 1.0, 100.0])
def test_a_thousand_looks_keep_the_level_whatever_was_planned(planned: float) -> None:
    """Sums of independent increments, 20,000 paths of 1,000 looks."""
    looks = np.arange(1, 1_001)
    walks = np.abs(np.cumsum(np.random.default_rng(3).standard_normal((20_000, 1_000), dtype=np.float32), axis=1))
    limit = boundary(0.05, final_time=planned * 1_000)
    edge = np.array([critical_value(limit, float(look)) for look in looks]) * np.sqrt(looks)
    assert (walks > edge).any(axis=1).mean() <= 0.05


@pytest.mark.parametrize("converted", [0.05, 0.6, 0.9])
def test_daily_looks_at_a_conversion_keep_the_level(converted: float) -> None:
    """Nobody converts twice: the standardised difference is a Brownian motion whose clock runs as p / (1 - p)."""
    days = np.arange(1, 91) / 90
    share = 1 - (1 - converted) ** days
    odds, spread = share / (1 - share), share * (1 - share)
    steps = np.sqrt(np.diff(odds, prepend=0.0))
    paths = np.cumsum(np.random.default_rng(4).standard_normal((20_000, 90)) * steps, axis=1) / np.sqrt(odds)
    limit = boundary(0.05, final_time=float(spread[-1]))
    edge = np.array([critical_value(limit, float(time)) for time in spread])
    assert (np.abs(paths) > edge).any(axis=1).mean() < 0.045
