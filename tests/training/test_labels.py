"""Labels come from closed windows only, and say exactly what happened in them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_histories import DAY, NOW, bought, histories, row

from events.event import EventType
from scoring.actions import actions_of, pairs_of
from scoring.catalogue import Catalogue
from training.configuration import Configuration
from training.examples import NONE, next_orders
from training.labels import Labels, cutoffs_of, labels_of, questions, weights_at
from training.preparation import ends, last_orders

CATALOGUE = Catalogue(("item-1", "item-2"), (None, None), (None, None))


def labels(*rows: dict[str, object]) -> Labels:
    actions = actions_of(histories(bought(50), *rows), CATALOGUE)
    return labels_of(actions, pairs_of(actions, np.array([0]), np.array([NOW])))


@pytest.mark.parametrize(("days", "interval"), [(0, 0), (29.9, 0), (30, 1), (59.9, 1), (60, 2), (89.9, 2), (90, 3)])
def test_the_first_order_falls_into_its_interval(days: float, interval: int) -> None:
    assert labels(bought(-days)).interval[0] == interval


def test_spend_sums_the_window_and_nothing_else() -> None:
    found = labels(bought(-1, 500), bought(-89, 700), bought(-90, 9000), bought(3, 8000))

    assert found.spend[0] == 1200
    assert found.bought[0] == 1
    assert found.silent[0] == 0


def test_orders_of_the_window_are_counted_once_each() -> None:
    first, again = bought(-3, 100, order_id="o1"), bought(-3, 50, order_id="o1", item_id="item-2")
    found = labels(first, again, bought(-80, order_id="o2"), bought(-91, order_id="o3"))

    assert found.orders.tolist() == [2]


def test_silence_means_that_the_customer_did_nothing() -> None:
    assert labels(row(EventType.COUPON, -3), row(EventType.MESSAGE, -4)).silent[0] == 1
    looked = labels(row(EventType.VIEW, -3, item_id="item-1"))
    assert looked.silent[0] == 0
    assert looked.bought[0] == 0


@given(st.floats(1, 3000), st.integers(1, 60))
def test_every_window_is_closed(span: float, most: int) -> None:
    cutoffs = cutoffs_of(NOW - span * DAY, NOW, Configuration(cutoffs=most))

    assert len(cutoffs) <= most
    assert (cutoffs + 90 * DAY <= NOW).all()
    assert (np.diff(cutoffs) >= 7 * DAY - 1).all()
    assert (cutoffs > NOW - span * DAY).all()


def test_the_latest_count_most_and_the_season_a_year_before_is_remembered() -> None:
    usual = Configuration(memory_days=30.0, season_weight=0.25)
    cutoffs = cutoffs_of(NOW - 700 * DAY, NOW, usual)
    weights = weights_at(cutoffs, NOW - 90 * DAY, NOW, usual)
    ago = np.round((NOW - cutoffs) / DAY)

    assert ago.tolist() == [405, 384, 363, 342, 321, 237, 216, 195, 174, 153, 132, 111, 90]
    assert weights[ago == 90] == pytest.approx(1.0)
    assert weights[ago == 111] == pytest.approx(np.exp(-0.7))
    assert weights[ago == 363] == pytest.approx(0.25 * np.exp(-2 / 30))
    assert len(cutoffs_of(NOW - 700 * DAY, NOW, replace(usual, season_weight=0.0))) == 8


@pytest.mark.parametrize(
    ("customers", "days"), [(0, 60.0), (300, 60.0), (750, 60.0), (1000, 45.0), (1500, 30.0), (90_000, 30.0)]
)
def test_a_small_shop_remembers_longer(customers: int, days: float) -> None:
    assert Configuration(memory_days=30.0).remembering(customers) == Configuration(memory_days=days)


def test_a_customer_is_asked_about_only_once_known() -> None:
    actions = actions_of(histories(bought(50), bought(10, customer="bob")), CATALOGUE)
    asked = questions(actions, NOW - np.array([60, 40, 5]) * DAY)

    assert asked.customer.tolist() == [0, 0, 1]


def test_the_next_order_is_the_customers_own_known_and_not_held_out() -> None:
    actions = actions_of(
        histories(
            row(EventType.VIEW, 50, item_id="item-1"), bought(40, item_id="strange"), bought(30), bought(20),
            bought(45, customer="bob"),
        ),
        CATALOGUE,
    )  # fmt: skip
    everything = np.zeros(5, dtype=bool)

    assert next_orders(actions, actions.offsets[1:], everything).tolist() == [2, 2, 3, NONE, NONE]
    assert last_orders(actions).tolist() == [False, False, False, True, False]
    assert next_orders(actions, actions.offsets[1:], last_orders(actions)).tolist() == [2, 2, NONE, NONE, NONE]
    assert next_orders(actions, ends(actions, NOW - 25 * DAY), everything).tolist() == [2, 2, NONE, NONE, NONE]
