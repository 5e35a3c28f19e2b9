"""Features of histories written by hand, to the digit, and the same whoever asks and whatever comes later."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made.histories import NOW, Row, bought, frame, histories, random_shop, row

from events.event import EventType
from events.history import Histories
from scoring.buying import UNFITTED
from scoring.seen.actions import HISTORY_ROWS, actions_of, pairs_of
from scoring.seen.catalogue import Catalogue
from scoring.seen.feature_registry import FEATURES, NAMES
from scoring.seen.features import raw_features

CATALOGUE = Catalogue(("item-1", "item-2", "item-3"), ("Lamp", "Mug", None), ("Home|Light", "Home|Table", None))


def features_of(known: Histories, *, records_begin: float = 0.0) -> dict[str, float]:
    actions = actions_of(known, CATALOGUE)
    pairs = pairs_of(actions, np.array([0]), np.array([NOW]))
    model = replace(UNFITTED, records_begin=records_begin)
    return dict(zip(NAMES, raw_features(actions, pairs, model)[0].tolist(), strict=True))


def test_there_are_forty_features_and_each_is_documented() -> None:
    assert len(FEATURES) >= 40
    assert len(set(NAMES)) == len(NAMES)
    assert all(feature.unit and feature.description for feature in FEATURES)
    assert all(feature.words(2.0, "GBP") for feature in FEATURES)


def test_a_second_order_of_the_same_day_is_no_coming_again() -> None:
    evening = 0.2
    once, twice, later = (
        features_of(histories(bought(100, 1000), *more))
        for more in ([], [bought(100 - evening, 1000, order_id="order-2")], [bought(60, 1000, order_id="order-2")])
    )

    assert (once["order_days"], twice["order_days"], later["order_days"]) == (1, 1, 2)
    assert (once["orders"], twice["orders"], later["orders"]) == (1, 2, 2)
    assert twice["alive"] == once["alive"] == 1
    assert later["alive"] < 1


def test_orders_spend_and_rhythm() -> None:
    known = features_of(histories(bought(100, 1000), bought(40, 3000), bought(10, 2000)))

    assert known["orders"] == 3
    assert known["orders_30"] == 1
    assert known["orders_90"] == 2
    assert known["spend"] == 6000
    assert known["spend_90"] == 5000
    assert known["days_since_order"] == pytest.approx(10)
    assert known["days_as_buyer"] == pytest.approx(100)
    assert known["mean_basket"] == 2000
    assert known["last_basket"] == 2000
    assert known["largest_basket"] == 3000
    assert known["mean_gap"] == pytest.approx(45)
    assert known["longest_gap"] == pytest.approx(60)
    assert known["last_gap"] == pytest.approx(30)
    assert known["overdue"] == pytest.approx(10 / 45)
    assert known["longer_pauses"] == pytest.approx(2.5 / 3)
    assert known["gap_spread"] == pytest.approx(15 / 45)
    assert known["order_trend"] == pytest.approx(np.log(2.5 / 1.5))


@pytest.mark.parametrize(("first", "early"), [(110, np.exp(-110 / 90)), (55, 0.5 * np.exp(-55 / 90)), (10, 0), (5, 0)])
def test_who_was_seen_as_the_records_began_may_be_an_old_customer(first: float, early: float) -> None:
    known = features_of(histories(bought(first, 1000), bought(1, 1000)), records_begin=NOW - 100 * 86_400)

    assert known["seen_early"] == pytest.approx(early)


def test_lines_of_one_order_are_one_order() -> None:
    lamp = bought(10, 500, item_id="item-1", quantity=2.0, order_id="o")
    mug = bought(10, 300, item_id="item-2", order_id="o")
    known = features_of(histories(lamp, mug, bought(5, 500, item_id="item-1", order_id="p")))

    assert known["orders"] == 2
    assert known["mean_basket"] == pytest.approx((1300 + 500) / 2)
    assert known["lines_per_order"] == 1.5
    assert known["units_per_order"] == 2
    assert known["distinct_items"] == 2
    assert known["distinct_categories"] == 2
    assert known["repeat_share"] == pytest.approx(1 / 3)
    assert known["last_lines"] == 1


def test_two_orders_at_one_time_stay_two() -> None:
    assert features_of(histories(bought(10, order_id="o"), bought(10, order_id="p", item_id="item-2")))["orders"] == 2


def test_returns_views_carts_reviews_and_coupons() -> None:
    known = features_of(
        histories(
            row(EventType.COUPON, 50, channel="email"),
            bought(40, 4000),
            row(EventType.RETURN, 35, item_id="item-1", quantity=1.0, unit_price_minor=1000),
            row(EventType.REVIEW, 20, item_id="item-1", rating=2),
            row(EventType.REVIEW, 10, item_id="item-1", rating=5),
            row(EventType.VIEW, 50, item_id="item-2", dwell_seconds=10.0),
            row(EventType.VIEW, 5, item_id="item-2", dwell_seconds=30.0),
            row(EventType.CART, 4, item_id="item-2"),
            row(EventType.MESSAGE, 1, channel="email"),
        )
    )

    assert known["returned_share"] == 0.25
    assert known["returns_90"] == 1
    assert known["mean_rating"] == 3.5
    assert known["last_rating"] == known["rating_since_order"] == 5
    assert (known["views"], known["views_7"], known["views_since_order"]) == (2, 1, 1)
    assert (known["carts"], known["carts_since_order"], known["carts_per_view"]) == (1, 1, 0.5)
    assert known["mean_dwell"] == 20
    assert known["dwell_30"] == 30
    assert known["orders_after_coupon"] == 1
    assert known["messages_30"] == 1
    assert known["days_since_event"] == pytest.approx(4), "a message is not something the customer did"


def test_visits_are_days_with_a_product_view() -> None:
    seen = (row(EventType.VIEW, days, item_id="item-1") for days in (120, 40, 39.9, 20))
    known = features_of(histories(*seen, row(EventType.REVIEW, 50, rating=1), bought(45), bought(10)))

    assert (known["visits_30"], known["visits_90"]) == (1, 2)
    assert known["visits_per_month"] == pytest.approx(3 / 120 * 30.4375)
    assert known["visit_overdue"] == pytest.approx(20 / 50)
    assert known["missed_visits"] == pytest.approx(20 * 3 / 90)
    assert np.isnan(known["rating_since_order"]), "it was given before"


def test_a_shop_that_records_orders_alone_has_no_features_of_visits() -> None:
    known = features_of(histories(bought(40), bought(10)))

    assert np.isnan([known[name] for name in NAMES if "visit" in name]).all()


def test_a_season_is_the_ninety_days_that_began_a_year_ago() -> None:
    known = features_of(histories(bought(366), bought(365), bought(276, 700), bought(275)))

    assert known["orders_last_year"] == 2
    assert known["spend_last_year"] == 1700


def test_what_is_not_known_is_not_zero() -> None:
    known = features_of(histories(row(EventType.VIEW, 3, item_id="item-1")))

    assert known["orders"] == 0
    assert np.isnan(
        [known[name] for name in ("days_since_order", "mean_basket", "mean_gap", "alive", "chance_90")]
    ).all()


@given(
    st.lists(
        st.builds(
            row,
            st.sampled_from(EventType),
            st.floats(0, 800),
            item_id=st.sampled_from(["item-1", "item-2"]),
            quantity=st.one_of(st.none(), st.floats(0, 1e9)),
            unit_price_minor=st.one_of(st.none(), st.integers(0, 10**12)),
            rating=st.one_of(st.none(), st.integers(1, 5)),
            dwell_seconds=st.one_of(st.none(), st.floats(0, 1e7)),
        ),
        max_size=6,
    )
)
@example([row(EventType.CART, 3, item_id="item-1")])
def test_whatever_happened_is_a_number_or_not_known(rows: list[Row]) -> None:
    assert not np.isinf(list(features_of(histories(*rows, customers=["ann"])).values())).any()


def test_an_unknown_price_or_quantity_does_not_spoil_the_rest() -> None:
    known = features_of(histories(bought(10, 500), bought(5, unit_price_minor=None), bought(2, 300, quantity=None)))

    assert known["orders"] == 3
    assert known["spend"] == 800


def test_only_what_came_before_counts() -> None:
    before = [bought(30), bought(10, 500)]
    at_and_after = [bought(0), bought(-1), row(EventType.VIEW, -5, item_id="item-2")]

    assert features_of(histories(*before)) == pytest.approx(features_of(histories(*before, *at_and_after)), nan_ok=True)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_training_and_serving_see_the_same(seed: int) -> None:
    shop = random_shop(6, seed=seed % 1000)
    times = NOW - np.random.default_rng(seed).uniform(0, 300, 4) * 86_400
    together = Histories.from_frame(shop)
    actions = actions_of(together, CATALOGUE)
    count = len(together)
    training = raw_features(actions, pairs_of(actions, np.repeat(np.arange(count), 4), np.tile(times, count)), UNFITTED)

    for place, name in enumerate(together.customer_ids):
        for nth, time in enumerate(times):
            seen = shop.filter((pl.col("customer_id") == name) & (pl.col("time").dt.epoch("us") < time * 1e6))
            serving = actions_of(Histories.from_frame(seen, [name]), CATALOGUE)
            alone = raw_features(serving, pairs_of(serving, np.array([0]), np.array([time])), UNFITTED)
            np.testing.assert_allclose(alone[0], training[place * 4 + nth], rtol=1e-9, atol=1e-9)


def test_a_history_longer_than_serving_reads_gives_the_same_features() -> None:
    rows = [bought(800 - n / 3, 100 + n % 7, item_id=f"item-{n % 3 + 1}", order_id=f"o{n // 5}") for n in range(2300)]
    rows = [line | {"time": rows[n - n % 5]["time"]} for n, line in enumerate(rows)]
    whole = frame(rows)
    latest = whole.sort("time", "event_id").tail(HISTORY_ROWS)

    known = features_of(Histories.from_frame(whole))

    assert known == pytest.approx(features_of(Histories.from_frame(latest)), nan_ok=True)
    assert known["orders"] == HISTORY_ROWS / 5 - 1, "nobody can tell whether the oldest order is whole"


def test_no_customers_no_features() -> None:
    actions = actions_of(histories(), CATALOGUE)
    nothing = np.zeros(0)

    assert raw_features(actions, pairs_of(actions, nothing.astype(int), nothing), UNFITTED).shape == (0, len(NAMES))
