"""What was foretold at a launch is kept, measured when the campaign is over, and corrects the next forecast."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from made.campaigns import NOW, audit_lines, codes_of, counts, launch_campaign, make_cause, make_plan, store_scores
from made.ticks import tick_at
from running.databases import filled_once
from sqlalchemy import text

from campaigns.coupons import redemption
from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.forecast import dry_run, forecasts, lessons
from campaigns.forecast.dry_run import Preview
from campaigns.forecast.forecasts import CampaignForecast, Line
from campaigns.forecast.lessons import Quantity
from campaigns.forecast.refusals import ForecastNotFound
from campaigns.life import campaigns, drafts, switches
from campaigns.life.refusals import CampaignNotFound
from campaigns.results import measuring
from campaigns.terms.basket import Basket
from database.events.store import insert_events
from database.life.stops import EVERYTHING
from database.session import Database
from events.event import Event, EventType
from worker.clock.schedule import close_forecasts, end_campaigns

CROWD = [f"c{number:03}" for number in range(200)]
PLAN = make_plan(holdout_percent=20)
OVER = PLAN.end_time + measuring.AFTERMATH + timedelta(seconds=1)


@filled_once
def shop(database: Database) -> None:
    """Two hundred customers of tier HIGH: scores say that a tenth buys within 30 days, and spends 90.00 within 90."""
    store_scores(database, dict.fromkeys(CROWD, 9000))


def offered(campaign_id: str) -> list[str]:
    return [who for who in CROWD if group_of(PLAN.design, campaign_id=campaign_id, customer_id=who) != HOLDOUT]


def sell(database: Database, customers: list[str], campaign_id: str) -> None:
    """An order of 50.00 each, with the campaign's code where the customer has one."""
    codes = codes_of(database, campaign_id)
    for who in customers:
        sold(database, who, f"{campaign_id}-{who}", NOW + timedelta(days=3))
    for who in set(customers) & codes.keys():
        basket = Basket(order_id=f"{campaign_id}-{who}", order_minor=5000, currency="GBP", customer_id=who)
        with database.writing() as transaction:
            redemption.redeem(transaction, make_cause(NOW + timedelta(days=3)), codes[who], basket)


def sold(database: Database, who: str, order_id: str, at: datetime) -> None:
    order = Event(
        event_id=order_id, customer_id=who, time=at, order_id=order_id, item_id="i", event_type=EventType.PURCHASE,
        quantity=1.0, unit_price_minor=5000, currency="GBP",
    )  # fmt: skip
    with database.writing() as transaction:
        insert_events(transaction, [order])


def read(database: Database, campaign_id: str = "spring") -> CampaignForecast:
    with database.reading() as snapshot:
        return forecasts.get(snapshot, campaign_id)


def close(database: Database, now: datetime) -> list[str]:
    """As a tick does."""
    end_campaigns(database, now)
    return close_forecasts(tick_at(database, now))


def line(database: Database, quantity: Quantity, campaign_id: str = "spring") -> Line:
    return next(line for line in read(database, campaign_id).lines if line.quantity is quantity)


def preview(database: Database, campaign_id: str) -> Preview:
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), campaign_id, PLAN)
    with database.writing() as transaction:
        return dry_run.preview(transaction, make_cause(), campaign_id, size=1)


def test_a_launch_keeps_what_its_preview_showed(shop: Database) -> None:
    (shown,) = preview(shop, "plan").outlook.forecast.tiers

    launch_campaign(shop, PLAN)

    found = read(shop)
    assert {line.quantity: line.foretold for line in found.lines} == {
        Quantity.REDEMPTIONS: shown.redemptions, Quantity.DISCOUNTS: shown.discounts, Quantity.REVENUE: shown.revenue,
    }  # fmt: skip
    assert all((line.actual, line.held) == (None, None) for line in found.lines)
    assert (found.close_time, found.teaches, found.bias) == (None, False, {})


def test_revenue_in_another_currency_than_that_of_scores_is_not_kept_as_nothing(shop: Database) -> None:
    launch_campaign(shop, replace(PLAN, currency="EUR"))

    assert {line.quantity for line in read(shop).lines} == {Quantity.REDEMPTIONS, Quantity.DISCOUNTS}


def test_a_campaign_that_is_over_is_measured_once(shop: Database) -> None:
    launch_campaign(shop, PLAN)
    buyers = offered("spring")[:20]
    sell(shop, buyers, "spring")

    assert close(shop, OVER - timedelta(seconds=2)) == []
    assert close(shop, OVER) == ["spring"]
    closed = read(shop)
    for who in offered("spring")[20:25]:
        sold(shop, who, f"late-{who}", NOW + timedelta(days=3))
    assert close(shop, OVER + timedelta(days=1)) == []

    assert read(shop).lines == closed.lines
    assert (closed.close_time, closed.teaches) == (OVER, True)
    redeemed, discounts, revenue = closed.lines
    assert (redeemed.actual, discounts.actual) == (20, 20 * 500)
    assert revenue.actual == pytest.approx(20 * 5000)
    assert revenue.actual_error is not None
    assert closed.bias[Quantity.REDEMPTIONS] == pytest.approx(20 / redeemed.foretold.value)
    assert ("campaigns.forecast.close", "campaigns/spring", "OK") in audit_lines(shop)


def test_a_forecast_that_was_too_low_raises_the_next_one_and_one_that_was_right_narrows_it(shop: Database) -> None:
    """Five campaigns with four times the redemptions that were assumed: the next preview learns it."""
    (first,) = preview(shop, "before").outlook.forecast.tiers
    for number in range(5):
        campaign_id = f"past-{number}"
        launch_campaign(shop, PLAN, campaign_id)
        sell(shop, offered(campaign_id)[: round(4 * first.redemptions.raw)], campaign_id)
        assert close(shop, OVER) == [campaign_id]

    after = preview(shop, "after").outlook
    (corrected,) = after.forecast.tiers

    assert corrected.redemptions.raw == first.redemptions.raw
    assert 2.5 < corrected.redemptions.value / first.redemptions.value < 4.1
    assert corrected.redemptions.low < 4 * first.redemptions.raw < corrected.redemptions.high
    told = [line(shop, Quantity.REDEMPTIONS, f"past-{number}").foretold.value for number in range(5)]
    assert told == sorted(told), "each campaign was foretold better than the one before it"
    assert told[-1] > 1.5 * told[0]
    assert (
        after.basis["HIGH"]
        .sentence()
        .startswith("learned from 5 past campaigns of this tier (past-0, past-1, past-2 and 2 before): ")
    )


def test_what_customers_do_in_the_week_after_the_end_is_still_the_campaigns(shop: Database) -> None:
    """Sold within the campaign, a day before the week is over, and a day after it."""
    launch_campaign(shop, PLAN)
    sell(shop, offered("spring")[:5], "spring")
    for who, days in (("late", 6), ("too-late", 8)):
        (buyer,) = offered("spring")[10 + days : 11 + days]
        sold(shop, buyer, who, PLAN.end_time + timedelta(days=days))

    close(shop, OVER)

    assert line(shop, Quantity.REVENUE).actual == pytest.approx(6 * 5000)


def test_a_campaign_that_was_stopped_early_teaches_nothing(shop: Database) -> None:
    launch_campaign(shop, PLAN)
    sell(shop, offered("spring")[:40], "spring")
    with shop.writing() as transaction:
        campaigns.end(transaction, make_cause(NOW + timedelta(days=4)), "spring")

    close(shop, OVER)

    assert (read(shop).teaches, line(shop, Quantity.REDEMPTIONS).actual) == (False, 40)
    with shop.reading() as snapshot:
        assert lessons.learned(snapshot).calibrations == {}


def test_a_campaign_that_was_paused_over_its_end_teaches_nothing(shop: Database) -> None:
    launch_campaign(shop, PLAN)
    with shop.writing() as transaction:
        campaigns.pause(transaction, make_cause(NOW + timedelta(days=4)), "spring")

    end_campaigns(shop, PLAN.end_time)
    close(shop, OVER)

    assert (read(shop).close_time, read(shop).teaches) == (OVER, False)


def test_a_campaign_that_was_stopped_over_its_end_teaches_nothing(shop: Database) -> None:
    launch_campaign(shop, PLAN)
    with shop.writing() as transaction:
        switches.stop(transaction, make_cause(NOW + timedelta(days=4), reason="wrong codes"), EVERYTHING)
    end_campaigns(shop, PLAN.end_time)
    with shop.writing() as transaction:
        switches.allow(transaction, make_cause(PLAN.end_time, reason="mended"), EVERYTHING)

    close(shop, OVER)

    assert (read(shop).close_time, read(shop).teaches) == (OVER, False)


def test_a_forecast_waits_until_its_campaign_is_ended(shop: Database) -> None:
    launch_campaign(shop, PLAN)

    assert close_forecasts(tick_at(shop, OVER)) == []
    assert close(shop, OVER) == ["spring"]
    assert read(shop).teaches


def test_forecasts_that_take_too_long_wait_for_the_next_tick(shop: Database) -> None:
    for campaign_id in ("autumn", "spring", "winter"):
        launch_campaign(shop, PLAN, campaign_id)
    end_campaigns(shop, OVER)
    over = iter([False, False, True])
    with shop.writing() as transaction:
        transaction.execute(text("SELECT FROM forecasts WHERE campaign_id = 'autumn' FOR UPDATE"))
        with pytest.raises(ExceptionGroup, match="due by the clock"):
            close_forecasts(tick_at(shop, OVER, seconds=0.2, enough=lambda: next(over)))

    assert [read(shop, each).close_time for each in ("autumn", "spring", "winter")] == [None, OVER, None]
    assert close(shop, OVER) == ["autumn", "winter"]


def test_without_a_holdout_nobody_knows_what_was_additional(shop: Database) -> None:
    launch_campaign(shop, replace(PLAN, holdout_percent=0))
    sell(shop, CROWD[:10], "spring")

    close(shop, OVER)

    assert (line(shop, Quantity.REDEMPTIONS).actual, line(shop, Quantity.REVENUE).actual) == (10, None)
    with shop.reading() as snapshot:
        calibrated = lessons.learned(snapshot).calibrations["HIGH"]
    assert calibrated.redemptions.centre > 0
    assert calibrated.revenue.centre == 1.0


def test_a_launch_that_reaches_nobody_has_no_forecast(shop: Database) -> None:
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE scores SET tier = 'LOW'"))
    launch_campaign(shop, PLAN)

    assert counts(shop, "forecasts") == (0,)
    with pytest.raises(ForecastNotFound, match="no forecast was kept of campaigns/spring"):
        read(shop)
    with pytest.raises(CampaignNotFound):
        read(shop, "summer")
