"""Labels say exactly what happened in windows, as far as they are over, and nothing of what came after."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.histories import DAY, NOW, bought, histories, row

from events.event import EventType
from scoring.seen.actions import actions_of, pairs_of
from scoring.seen.catalogue import Catalogue
from training.configuration import Configuration
from training.material.examples import NONE, next_orders
from training.material.labels import Labels, cutoffs_of, labels_of, open_cutoffs, questions, weights_at
from training.material.preparation import ends, last_orders, weights_of

CATALOGUE = Catalogue(("item-1", "item-2"), (None, None), (None, None))


def labels(*rows: dict[str, object], open_since: float = 90.0) -> Labels:
    """Of a question that was asked so many days ago."""
    actions = actions_of(histories(bought(50), *rows), CATALOGUE)
    return labels_of(actions, pairs_of(actions, np.array([0]), np.array([NOW])), until=NOW + open_since * DAY)


@pytest.mark.parametrize(("days", "interval"), [(0, 0), (29.9, 0), (30, 1), (59.9, 1), (60, 2), (89.9, 2), (90, 3)])
def test_the_first_order_falls_into_its_interval(days: float, interval: int) -> None:
    assert labels(bought(-days)).interval[0] == interval


@pytest.mark.parametrize(("open_since", "told"), [(29.9, 0), (30, 1), (59.9, 1), (60, 2), (89.9, 2), (90, 3)])
def test_of_an_open_window_what_is_over_is_told(open_since: float, told: int) -> None:
    found = labels(bought(-40, 500), open_since=open_since)

    assert found.told.tolist() == [told]
    assert found.interval.tolist() == [min(1, told)]
    assert [found.reached(step).tolist() for step in range(3)] == [[told > 0], [told > 1], [False]]
    closed = open_since == 90
    assert (found.bought[0], found.spend[0], found.orders[0]) == ((1, 500, 1) if closed else (0, 0, 0))


def test_nobody_is_silent_while_a_window_is_open() -> None:
    assert (labels(open_since=89).silent[0], labels(open_since=90).silent[0]) == (0, 1)


@given(st.lists(st.integers(-100, 20), max_size=5), st.integers(1, 120))
def test_what_comes_later_changes_no_label(days: list[int], open_since: int) -> None:
    everything = labels(*(bought(day) for day in days), open_since=open_since)
    until_then = labels(*(bought(day) for day in days if -day < open_since), open_since=open_since)

    for name in ("told", "interval", "spend", "orders", "silent"):
        assert getattr(everything, name).tolist() == getattr(until_then, name).tolist()


def test_open_windows_are_asked_about_from_the_latest_closed_one_to_a_month_ago() -> None:
    closed = cutoffs_of(NOW - 400 * DAY, NOW, Configuration())
    spacing = 310 / 24
    later = (NOW - open_cutoffs(closed, NOW, Configuration())) / DAY

    assert later == pytest.approx([90 - spacing * step for step in range(1, 5)])
    only = np.array([NOW - 90 * DAY])
    assert (NOW - open_cutoffs(only, NOW, Configuration())) / DAY == pytest.approx([*range(83, 30, -7)])
    assert len(open_cutoffs(closed, NOW - DAY, Configuration())) == 0


def test_questions_of_open_windows_count_half_a_latest_one() -> None:
    actions = actions_of(histories(bought(500)), CATALOGUE)
    pairs = questions(actions, NOW - np.array([120.0, 90.0, 60.0, 30.0]) * DAY)
    usual = Configuration(open_weight=0.5, memory_days=30.0, season_weight=0.0)
    latest = 2 / (1 + np.exp(-1))

    found = weights_of(pairs, NOW, usual)
    assert found == pytest.approx([latest * np.exp(-1), latest, latest / 2, latest / 2])
    still_open = pairs.some(np.array([False, False, True, True]))
    assert weights_of(still_open, NOW, usual) == pytest.approx([latest * np.exp(-1), latest]), "where none is closed"
    assert not weights_of(still_open, NOW - 31 * DAY, usual).any()


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
