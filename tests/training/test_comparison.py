"""Predictors meet the same customers, and an interval says what is beyond chance."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES
from training.evaluating.comparison import Comparison, compare
from training.evaluating.groups import OTHERS, UNKNOWN, disparity, groups_of
from training.evaluating.slices import Slice, slices_of
from training.metrics import CHANCES, SLICED

RANDOM = np.random.default_rng(3)
CHANCE = RANDOM.uniform(0.05, 0.95, 400)
CAME = (RANDOM.random(400) < CHANCE).astype(float)


def compared(**said: Floats) -> Comparison:
    return compare(CAME, said, CHANCES, seed=0)


def test_a_predictor_that_knows_is_ahead_beyond_chance_of_one_that_guesses() -> None:
    found = compared(model=CHANCE, guess=RANDOM.permutation(CHANCE))
    low, high = found.intervals["model"]["auc"]

    assert found.figures["model"]["auc"] == CHANCES["auc"](CAME, CHANCE)
    assert low < found.figures["model"]["auc"] < high
    assert found.differences["guess"]["auc"][0] > 0
    assert found.differences["guess"]["log_loss"][1] < 0
    assert set(found.differences) == {"guess"}
    assert not found.near_chance
    assert compared(model=RANDOM.permutation(CHANCE)).near_chance


def test_predictors_that_say_the_same_differ_by_nothing() -> None:
    found = compared(model=CHANCE, twin=CHANCE.copy())

    assert set(found.differences["twin"].values()) == {(0.0, 0.0)}


def test_intervals_stand_around_what_was_found() -> None:
    """A calibration error is larger in every resample than in the sample."""
    found = compared(model=CHANCE)

    for figure, (low, high) in found.intervals["model"].items():
        assert low < found.figures["model"][figure] < high, figure


def test_what_is_not_defined_is_null_and_near_chance() -> None:
    found = compare(np.ones(20), {"model": CHANCE[:20], "other": CHANCE[20:40]}, CHANCES, seed=0)

    assert found.near_chance
    assert found.to_json()["figures"]["model"]["auc"] is None
    assert found.to_json()["differences"]["other"]["auc"] is None
    assert found.to_json()["figures"]["model"]["log_loss"] > 0


@pytest.mark.parametrize(("customers", "buyers", "telling"), [(29, 10, False), (60, 4, False), (30, 5, True)])
def test_of_few_customers_or_few_buyers_nobody_is_said_to_be_ahead(
    *, customers: int, buyers: int, telling: bool
) -> None:
    came = (np.arange(customers) < buyers).astype(float)
    said = {"model": np.full(customers, 0.3), "never": np.full(customers, 1e-4)}

    for found in (compare(each, said, SLICED, seed=0) for each in (came, 1 - came)):
        assert (found.to_json()["differences"]["never"]["log_loss"] is not None) == telling == found.telling


def test_equal_seeds_give_equal_intervals() -> None:
    assert compared(model=CHANCE) == compared(model=CHANCE)
    assert compared(model=CHANCE) != replace(compared(model=CHANCE), mean=0.0)


def sliced(orders: float, silent: float) -> list[Slice]:
    raw = np.full((1, len(NAMES)), np.nan)
    raw[0, NAMES.index("orders")], raw[0, NAMES.index("days_since_order")] = orders, silent
    return [name for name, at in slices_of(raw).items() if at[0]]


@pytest.mark.parametrize(
    ("orders", "silent", "name"),
    [
        (2, 90.0, Slice.ESTABLISHED), (9, 0.1, Slice.ESTABLISHED), (2, 90.01, Slice.LAPSING), (1, 3.0, Slice.ONE_ORDER),
        (1, 900.0, Slice.ONE_ORDER), (0, float("nan"), Slice.NO_ORDER),
    ],
)  # fmt: skip
def test_slices_are_bounded_by_orders_and_by_the_window(orders: float, silent: float, name: Slice) -> None:
    assert sliced(orders, silent) == [name]


@given(st.integers(0, 5), st.floats(0, 1000))
def test_every_customer_is_in_one_slice(orders: int, silent: float) -> None:
    assert len(sliced(orders, silent if orders else float("nan"))) == 1


def test_groups_that_are_treated_alike_and_one_that_is_not() -> None:
    values = ["north" if place % 2 else "south" for place in range(400)]
    alike = groups_of(values, CAME, CHANCE, seed=0)
    doubted = groups_of(values, CAME, np.where(np.array(values) == "south", CHANCE / 4, CHANCE), seed=0)

    assert [(group.name, group.selection.customers) for group in alike] == [("north", 200), ("south", 200)]
    ratio, beyond_chance, gap = disparity(alike)
    assert ratio is not None
    assert ratio > 0.6
    assert not beyond_chance
    assert gap is not None
    assert gap < 0.1
    assert disparity(doubted)[:2] == (0.0, True)
    south = doubted[1]
    assert south.figures["selection_rate"] == 0.0
    assert south.figures["calibration_gap"] < -0.2
    low, high = south.intervals["calibration_gap"]
    assert low < south.figures["calibration_gap"] < high < 0


def test_of_many_small_groups_that_are_treated_alike_the_extreme_ones_are_chance() -> None:
    values = [f"country {place % 20}" for place in range(1200)]
    draws = (np.random.default_rng(seed).random(1200) for seed in range(10))
    shops = [groups_of(values, (chance > 0.7).astype(float), chance, seed=0) for chance in draws]

    assert max(disparity(groups).selection_ratio or 0.0 for groups in shops) < 0.4
    assert [disparity(groups).beyond_chance for groups in shops] == [False] * 10


def test_that_nobody_of_a_small_group_is_selected_or_bought_leaves_room() -> None:
    values = ["small" if place < 40 else "large" for place in range(400)]
    bought = np.array([0.0] * 40 + [1.0, 0.0] * 180)
    _, small = groups_of(values, bought, np.arange(400) / 400, seed=0)

    assert (small.name, small.figures["selection_rate"]) == ("small", 0.0)
    assert small.intervals["selection_rate"] == pytest.approx((0.0, 0.0876), abs=1e-4)
    assert small.to_json()["intervals"]["true_positive_rate"] is None


def test_small_groups_are_judged_together_and_who_has_no_value_is_known_as_such() -> None:
    values = [*(["a"] * 200), *(["b"] * 20), *(["c"] * 10), *([None] * 170)]
    found = groups_of(values, CAME, CHANCE, seed=0)

    assert [(group.name, group.selection.customers) for group in found] == [
        ("a", 200), (UNKNOWN, 170), (OTHERS, 30),
    ]  # fmt: skip
    assert sum(group.figures["selection_rate"] * group.selection.customers for group in found) == pytest.approx(40)
