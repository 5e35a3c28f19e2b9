"""The effect at the end of each day is what results said then, and days are those of the campaign's zone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from made.campaigns import NOW, add_customers, codes_of, launch_campaign, make_cause, make_plan, store_scores

from campaigns.coupons import redemption
from campaigns.experiments.refusals import NothingToCompare
from campaigns.experiments.results import Effect, Metric
from campaigns.life import drafts
from campaigns.life.refusals import CampaignNotLaunched
from campaigns.results import measuring
from campaigns.results.over_time import Day, day_ends, over_time
from campaigns.terms.arms import ArmPlan
from campaigns.terms.basket import Basket
from database.events.store import insert_events
from database.session import Database
from events.event import Event, EventType

CROWD = [f"c{number:03}" for number in range(120)]
PLAN = make_plan(
    holdout_percent=34, arms=(ArmPlan(name="plain"), ArmPlan(name="bold")), margin_percent=40, zone="Europe/London",
    end_time=NOW + timedelta(days=4),
)  # fmt: skip
KINDS = (EventType.PURCHASE, EventType.PURCHASE, EventType.RETURN, EventType.VIEW)


@pytest.fixture
def shop(database: Database) -> Database:
    """A campaign whose customers buy, return, look and use coupons, its own and another's, at any hour of ten days."""
    add_customers(database, CROWD)
    store_scores(database, {who: 5000 + 10 * number for number, who in enumerate(CROWD)})
    launch_campaign(database, PLAN)
    chance = Random(1)
    events = [
        Event(
            event_id=str(number), customer_id=chance.choice(CROWD),
            time=NOW + timedelta(hours=chance.uniform(-48, 240)), event_type=chance.choice(KINDS),
            order_id=f"o{number}", item_id="i", quantity=float(chance.randint(1, 3)),
            unit_price_minor=chance.randint(100, 5000), currency=chance.choice(("GBP", "GBP", "GBP", "USD")),
        )
        for number in range(600)
    ]  # fmt: skip
    with database.writing() as transaction:
        insert_events(transaction, events)
    for number, (who, code) in enumerate(sorted(codes_of(database).items())[:12]):
        basket = Basket(order_id=f"r{number}", order_minor=3000, currency="GBP", customer_id=who)
        with database.writing() as transaction:
            redemption.redeem(transaction, make_cause(NOW + timedelta(hours=7 * number)), code, basket)
    launch_campaign(database, make_plan(), "autumn")
    for number, (who, code) in enumerate(sorted(codes_of(database, "autumn").items())[6:18]):
        basket = Basket(order_id=f"a{number}", order_minor=2000, currency="GBP", customer_id=who)
        with database.writing() as transaction:
            redemption.redeem(transaction, make_cause(NOW + timedelta(hours=5 * number)), code, basket)
    return database


def read(database: Database, now: datetime) -> tuple[Day, ...]:
    with database.reading() as snapshot:
        return over_time(snapshot, "spring", now)


def numbers(effect: Effect) -> list[float]:
    """All that a chart shows."""
    reading = effect.any_time
    return [effect.difference, reading.difference.low, reading.difference.high, effect.total, reading.p_value]


def test_each_day_says_what_results_said_when_it_was_over(shop: Database) -> None:
    days = read(shop, NOW + timedelta(days=3, hours=5))

    assert [f"{day.end:%d %H:%M}" for day in days] == ["21 00:00", "22 00:00", "23 00:00", "23 17:00"]
    for day in days:
        with shop.reading() as snapshot:
            then = measuring.results(snapshot, "spring", day.end).results
        assert day.results.sample_ratio == then.sample_ratio
        shown = {"all": day.results.overall, **day.results.arms}
        for arm, effects in {"all": then.overall, **then.arms}.items():
            assert shown[arm].keys() == effects.keys() == {Metric.CONVERSION, Metric.REVENUE, Metric.MARGIN}
            for metric, effect in effects.items():
                assert numbers(shown[arm][metric]) == pytest.approx(numbers(effect)), (day.end, arm, metric)
    assert len({day.results.overall[Metric.REVENUE].difference for day in days}) == 4, "something happened each day"


def test_the_days_end_a_week_after_the_campaign(shop: Database) -> None:
    days = read(shop, NOW + timedelta(days=400))

    assert (len(days), days[-1].end) == (12, PLAN.end_time + measuring.ATTRIBUTION)


def test_results_stand_still_a_week_after_the_campaign(shop: Database) -> None:
    closed = PLAN.end_time + measuring.ATTRIBUTION
    with shop.writing() as transaction:
        late = Event(
            event_id="late", customer_id="c000", time=closed, event_type=EventType.PURCHASE, order_id="late",
            item_id="i", quantity=1, unit_price_minor=900_000, currency="GBP",
        )  # fmt: skip
        insert_events(transaction, [late])
    with shop.reading() as snapshot:
        then = measuring.results(snapshot, "spring", closed)
        later = measuring.results(snapshot, "spring", closed + timedelta(days=300))

    assert later == then
    assert later.until == closed


def test_at_the_moment_of_the_launch_there_is_no_day(shop: Database) -> None:
    assert read(shop, NOW) == ()


def test_days_are_those_of_the_zone_when_the_clocks_change() -> None:
    """In London the 25th of October 2026 has 25 hours; in Santiago the 6th of September begins at one o'clock."""
    since, until = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, 9, tzinfo=UTC)

    assert day_ends(since, until, "Europe/London") == [
        datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC), until,
    ]  # fmt: skip
    assert day_ends(datetime(2026, 9, 5, 12, tzinfo=UTC), datetime(2026, 9, 6, 12, tzinfo=UTC), "America/Santiago") == [
        datetime(2026, 9, 6, 4, tzinfo=UTC), datetime(2026, 9, 6, 12, tzinfo=UTC),
    ]  # fmt: skip
    assert day_ends(until, until, "Europe/London") == []
    midnight = datetime(2026, 10, 26, tzinfo=UTC)
    assert day_ends(midnight, midnight + timedelta(days=1), "Europe/London") == [midnight + timedelta(days=1)]


def test_what_cannot_be_compared_is_refused(database: Database) -> None:
    store_scores(database, dict.fromkeys(CROWD, 9000))
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "spring", PLAN)
    with pytest.raises(CampaignNotLaunched):
        read(database, NOW)
    launch_campaign(database, replace(PLAN, holdout_percent=0), "all")
    with database.reading() as snapshot, pytest.raises(NothingToCompare, match="held nobody out"):
        over_time(snapshot, "all", NOW)
