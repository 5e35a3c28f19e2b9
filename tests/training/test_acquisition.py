"""Whom to learn of next: the uncertain, unlike those known and unlike one another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.acquisition import next_to_learn_of, uncertainty

NOBODY = np.zeros(4, dtype=bool)


def test_uncertainty_is_largest_at_one_half() -> None:
    assert uncertainty(np.array([0.0, 0.1, 0.5, 0.9, 1.0])) == pytest.approx([0, 0.6, 1, 0.6, 0])


def test_of_customers_alike_the_uncertain_one_comes_first() -> None:
    tabular = np.array([[1.0], [1.0], [-1.0], [1.0]], dtype=np.float32)

    assert next_to_learn_of(tabular, np.array([0.9, 0.8, 0.5, 0.7]), NOBODY, 1).tolist() == [2]


def test_who_is_like_somebody_known_or_chosen_waits() -> None:
    tabular = np.array([[5.0], [5.0], [-3.0], [4.9]], dtype=np.float32)
    known = np.array([True, False, False, False])

    assert next_to_learn_of(tabular, np.array([0.5, 0.5, 0.8, 0.5]), known, 3).tolist() == [2, 3, 1]


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(0, 40))
def test_nobody_is_named_twice_or_known(seed: int, size: int, count: int) -> None:
    random = np.random.default_rng(seed)
    known = random.random(size) < 0.3
    found = next_to_learn_of(random.normal(size=(size, 3)).astype(np.float32), random.random(size), known, count)

    assert len(set(found.tolist())) == len(found) == min(count, int((~known).sum()))
    assert not known[found].any()
