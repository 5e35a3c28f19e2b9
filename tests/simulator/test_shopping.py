"""What happens in the shop could happen in a shop: causes come before effects, and words fit the stars."""

import polars as pl
import pytest
from simulated_shop import SimulatedShop, simulated_shop

from events.event import EventType
from simulator.assortment import DEPARTMENTS
from simulator.reviews import BLAME, PRAISE

ORDER_LINE = ["customer_id", "order_id", "item_id"]


@pytest.fixture(scope="module")
def simulated() -> SimulatedShop:
    return simulated_shop(6_000)


def test_events_ascend_in_time_and_belong_to_known_customers_and_items(simulated: SimulatedShop) -> None:
    ascending = simulated.events.group_by("customer_id", maintain_order=True).agg(pl.col("time").is_sorted())
    assert ascending["time"].all()
    assert set(simulated.events["customer_id"]) == set(simulated.customers["customer_id"])
    assert set(simulated.events["item_id"].drop_nulls()) <= set(simulated.items["item_id"])


def test_the_first_event_of_everybody_is_a_view(simulated: SimulatedShop) -> None:
    first = simulated.events.group_by("customer_id", maintain_order=True).first()
    assert first["event_type"].unique().to_list() == [EventType.VIEW]


def test_an_item_is_viewed_before_it_is_carted_and_carted_before_it_is_bought(simulated: SimulatedShop) -> None:
    by = ["customer_id", "item_id"]
    firsts = {kind: simulated.of(kind).group_by(by).agg(pl.col("time").min().alias(kind.word)) for kind in EventType}
    bought = firsts[EventType.PURCHASE].join(firsts[EventType.CART], on=by, how="left", validate="1:1")
    bought = bought.join(firsts[EventType.VIEW], on=by, how="left", validate="1:1")
    assert bought.null_count().sum_horizontal().item() == 0
    assert bought.select((pl.col("view") < pl.col("cart")) & (pl.col("cart") < pl.col("purchase"))).to_series().all()


def test_an_order_is_one_moment_and_names_each_item_once(simulated: SimulatedShop) -> None:
    lines = simulated.of(EventType.PURCHASE)
    assert lines.group_by("order_id").agg(pl.col("time").n_unique())["time"].max() == 1
    assert not lines.select(ORDER_LINE).is_duplicated().any()


def test_only_what_was_bought_is_returned_or_reviewed_and_only_afterwards(simulated: SimulatedShop) -> None:
    bought = simulated.of(EventType.PURCHASE).select(*ORDER_LINE, "time", "quantity", "unit_price_minor")
    for kind in (EventType.RETURN, EventType.REVIEW):
        rows = simulated.of(kind)
        matched = rows.join(bought, on=ORDER_LINE, suffix="_bought", validate="1:1")
        assert len(matched) == len(rows) > 1_000
        assert (matched["time"] > matched["time_bought"]).all()
        if kind is EventType.RETURN:
            assert (matched["quantity"] <= matched["quantity_bought"]).all()
            assert (matched["unit_price_minor"] == matched["unit_price_minor_bought"]).all()


def test_prices_are_those_of_the_catalogue_or_a_tenth_lower_with_a_coupon(simulated: SimulatedShop) -> None:
    prices = simulated.items.select("item_id", pl.col("unit_price_minor").alias("listed"))
    lines = simulated.of(EventType.PURCHASE).join(prices, on="item_id")
    full = lines["unit_price_minor"] == lines["listed"]
    assert ((lines["unit_price_minor"] - lines["listed"] * 0.9).abs() <= 0.5).filter(~full).all()
    assert 0.05 < 1 - full.sum() / len(full) < 0.4
    assert lines["currency"].unique().to_list() == ["GBP"]


def test_campaigns_reach_only_who_agreed_on_a_channel_they_agreed_to(simulated: SimulatedShop) -> None:
    sent = simulated.events.filter(pl.col("event_type").is_in([EventType.COUPON, EventType.MESSAGE]))
    addressed = sent.join(simulated.customers, on="customer_id")
    assert addressed.select(pl.col("consented_channels").list.contains(pl.col("channel"))).to_series().all()
    nobody = simulated.customers.filter(pl.col("consented_channels").list.len() == 0)
    assert nobody["preferred_channel"].null_count() == len(nobody) > 0


def test_the_week_and_the_year_have_their_seasons(simulated: SimulatedShop) -> None:
    # Customers join over time, so only those of the first day are compared.
    founders = simulated.events.group_by("customer_id").agg(pl.col("time").min().dt.date())
    founders = founders.filter(pl.col("time") == simulated.shop.start.date())
    orders = simulated.of(EventType.PURCHASE).join(founders, on="customer_id", how="semi").unique("order_id")
    daily = (
        orders.group_by(pl.col("time").dt.date().alias("day"))
        .len()
        .with_columns(weekday=pl.col("day").dt.weekday(), month=pl.col("day").dt.strftime("%Y-%m"))
    )
    weekend = daily.filter(pl.col("weekday") >= 6)["len"].to_numpy().mean()
    assert weekend > 1.15 * daily.filter(pl.col("weekday") <= 4)["len"].to_numpy().mean()
    months = dict(daily.group_by("month").agg(pl.col("len").mean()).iter_rows())
    assert months["2024-12"] > 1.3 * months["2024-09"]


def test_the_next_order_follows_the_complement_more_often_than_chance(simulated: SimulatedShop) -> None:
    paths = {department.path: DEPARTMENTS[department.complement].path for department in DEPARTMENTS}
    sizes = pl.col("unit_price_minor") * pl.col("quantity")
    main = (
        simulated.of(EventType.PURCHASE).with_columns(size=sizes).group_by("order_id", maintain_order=True).first()
        .join(simulated.items.select("item_id", "category"), on="item_id").sort("customer_id", "time")
        .with_columns(previous=pl.col("category").shift().over("customer_id"))
        .drop_nulls("previous")
    )  # fmt: skip
    follows = (main["previous"].replace(paths) == main["category"]).to_numpy().mean()
    shares = main["category"].value_counts(normalize=True)["proportion"].to_numpy()
    assert follows > 2 * (shares**2).sum()


def test_reviews_vary_and_their_words_fit_the_stars(simulated: SimulatedShop) -> None:
    written = simulated.of(EventType.REVIEW).with_columns(pl.col("text").str.to_lowercase())
    assert written["text"].n_unique() > 0.8 * len(written)
    assert written["rating"].is_between(1, 5).all()
    low, high = (written.filter(pl.col("rating").is_in(stars))["text"] for stars in ([1, 2], [4, 5]))
    praised, blamed = list(PRAISE), list(BLAME)
    assert high.str.contains_any(praised).mean() > 0.8  # type: ignore[operator] # never empty
    assert low.str.contains_any(blamed).mean() > 0.6  # type: ignore[operator] # never empty
    assert low.str.contains_any(praised).mean() < 0.05  # type: ignore[operator] # never empty


def test_who_returns_or_complains_buys_less_afterwards(simulated: SimulatedShop) -> None:
    reviewed = simulated.of(EventType.REVIEW).group_by("customer_id", maintain_order=True).last()
    outcomes = simulated.outcomes().join(reviewed.select("customer_id", "rating"), on="customer_id")
    unhappy = outcomes.filter(pl.col("rating") <= 2)["bought"].to_numpy().mean()
    happy = outcomes.filter(pl.col("rating") >= 4)["bought"].to_numpy().mean()
    assert unhappy < happy - 0.1


def test_who_has_left_views_nothing(simulated: SimulatedShop) -> None:
    gone = simulated.truth.filter("lapsed")["customer_id"]
    later = simulated.future.filter(pl.col("customer_id").is_in(gone.implode()))
    assert set(later["event_type"]) <= {EventType.RETURN, EventType.REVIEW, EventType.COUPON, EventType.MESSAGE}
