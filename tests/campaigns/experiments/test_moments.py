"""Sums that can be added: the parts together are the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.moments import measured

from campaigns.experiments.moments import NOBODY, Moments, together

NUMBERS = st.floats(-1e6, 1e6)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=50)


def moments_of(rows: list[tuple[float, float]]) -> Moments:
    columns = np.array(rows, dtype=np.float64).reshape(-1, 2)
    return measured(columns[:, 0], columns[:, 1])


@given(rows=ROWS, cut=st.integers(0, 50))
def test_merging_the_parts_gives_the_whole(rows: list[tuple[float, float]], cut: int) -> None:
    merged, whole = together([moments_of(rows[:cut]), moments_of(rows[cut:])]), moments_of(rows)
    assert merged.count == whole.count
    scale = 1e-9 * 1e12 * len(rows)
    for name in ("outcome", "outcome_squared", "covariate", "covariate_squared", "product"):
        assert getattr(merged, name) == pytest.approx(getattr(whole, name), rel=1e-9, abs=scale * 1e-3)


@given(rows=ROWS)
def test_derived_values_are_those_of_numpy(rows: list[tuple[float, float]]) -> None:
    seen = moments_of(rows)
    outcome, covariate = np.array(rows).T
    expected = np.cov(outcome, covariate)
    assert seen.mean == pytest.approx(outcome.mean(), abs=1e-6)
    assert seen.covariate_mean == pytest.approx(covariate.mean(), abs=1e-6)
    assert seen.variance == pytest.approx(expected[0, 0], rel=1e-6, abs=1e-2)
    assert seen.covariate_variance == pytest.approx(expected[1, 1], rel=1e-6, abs=1e-2)
    assert seen.covariance == pytest.approx(expected[0, 1], rel=1e-6, abs=1e-2)


def test_nobody_changes_nothing() -> None:
    seen = measured(np.array([1.0, 2.0]))
    assert seen + NOBODY == NOBODY + seen == together([seen])
    assert together([]) == NOBODY


def test_outcomes_and_predictions_are_summed_with_their_squares_and_products() -> None:
    seen = measured(np.array([0.0, 3.0, 5.0]), np.array([1.0, 2.0, 4.0]))
    assert seen == Moments(
        count=3, outcome=8.0, outcome_squared=34.0, covariate=7.0, covariate_squared=21.0, product=26.0
    )


def test_without_a_prediction_the_covariate_is_zero() -> None:
    assert measured(np.array([1.0, 2.0])).covariate_variance == 0.0
