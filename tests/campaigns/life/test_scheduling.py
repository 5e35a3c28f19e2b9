"""The clock launches each due time once, makes up for what it missed within bounds, and ends what is over."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from made.campaigns import (
    NOW,
    approve_campaign,
    audit_lines,
    codes_of,
    counts,
    create_campaign,
    finish_launch,
    launch_campaign,
    make_cause,
    make_plan,
    store_scores,
)
from running.databases import filled_once
from schedules import FIRST, MONDAYS, SOON, WEEK, campaigns_of, read, scheduled, stocked, ticks, under_way
from sqlalchemy import text

from campaigns.experiments.results import Metric
from campaigns.life import campaigns, drafts, scheduling, switches
from campaigns.life.scheduling import Outcome
from campaigns.results import measuring
from campaigns.terms.campaign import State
from campaigns.terms.refusals import CampaignNotMovable
from campaigns.terms.schedule import CATCH_UP
from campaigns.watching import overview
from database.events.store import insert_events
from database.life.stops import EVERYTHING
from database.session import Database
from database.work import operations
from events.event import Event, EventType
from worker.clock.schedule import end_campaigns, launch_campaigns


@filled_once
def shop(database: Database) -> None:
    stocked(database)


def test_a_scheduled_campaign_is_launched_at_its_start_and_once(shop: Database) -> None:
    waiting = scheduled(shop, start_time=SOON)
    assert (waiting.state, waiting.due_time) == (State.SCHEDULED, SOON)

    assert launch_campaigns(shop, SOON - timedelta(seconds=1)) == 0
    assert [launch_campaigns(shop, SOON + timedelta(seconds=second)) for second in (0, 1)] == [1, 0]

    launched = read(shop)
    assert (launched.state, launched.due_time) == (State.LAUNCHING, None)
    assert ticks(shop) == [("spring", SOON, "LAUNCHED")]
    with shop.reading() as snapshot:
        operation = operations.running(snapshot, operations.LAUNCH_CAMPAIGN, campaign_id="spring")
    assert operation is not None
    finish_launch(shop, operation)
    assert set(codes_of(shop)) == {"anna", "bert"}


def test_a_start_that_is_past_is_due_at_once(shop: Database) -> None:
    assert scheduled(shop).due_time == NOW

    assert launch_campaigns(shop, NOW) == 1


def test_clocks_that_tick_together_launch_once(shop: Database) -> None:
    scheduled(shop, start_time=SOON)

    with ThreadPoolExecutor(4) as clocks:
        launched = sum(clocks.map(lambda _: launch_campaigns(shop, SOON), range(4)))

    assert launched == 1
    assert len(under_way(shop)) == 1


@pytest.mark.parametrize(("late", "state"), [(CATCH_UP, State.LAUNCHING), (CATCH_UP * 1.01, State.APPROVED)])
def test_what_was_missed_is_made_up_for_within_bounds_and_else_waits_for_somebody(
    shop: Database, late: timedelta, state: State
) -> None:
    scheduled(shop, start_time=SOON)

    launch_campaigns(shop, SOON + late)

    assert read(shop).state is state
    if state is State.APPROVED:
        assert ticks(shop) == [("spring", SOON, "MISSED")]
        assert ("campaigns.miss", "campaigns/spring", "FAILED") in audit_lines(shop)
        with shop.reading() as snapshot:
            why = snapshot.execute(text("SELECT after FROM audit_log WHERE action = 'campaigns.miss'")).scalar_one()
        assert why == {
            "error": f"{SOON.isoformat()}: it was not launched within 6 hours of its time",
            "why": {"code": "LAUNCH_TOO_LATE", "facts": {"hours": 6}},
        }


def test_what_was_missed_is_told_until_somebody_decides_or_the_next_one_comes(shop: Database) -> None:
    def told(now: datetime) -> list[tuple[str, datetime]]:
        with shop.reading() as snapshot:
            return [(each.campaign_id, each.due_time) for each in overview.alert(snapshot, now, approver=None).missed]

    scheduled(shop, recurrence=MONDAYS, zone="Europe/London")
    create_campaign(shop, "autumn", start_time=FIRST)
    approve_campaign(shop, "autumn")
    with shop.writing() as transaction:
        scheduling.schedule(transaction, make_cause(), "autumn")
    late = FIRST + CATCH_UP * 1.01
    assert told(late) == []
    launch_campaigns(shop, late)

    assert told(late) == [("autumn", FIRST), ("spring", FIRST)]
    assert told(late + overview.REMEMBERED * 1.01) == []
    with shop.writing() as transaction:
        scheduling.schedule(transaction, make_cause(late), "autumn")
    assert told(late) == [("spring", FIRST)]
    launch_campaigns(shop, late)
    launch_campaigns(shop, FIRST + WEEK)
    assert told(FIRST + WEEK) == []


def test_a_launch_that_is_refused_is_missed_with_its_reason_and_not_tried_again(database: Database) -> None:
    scheduled(database, start_time=SOON)

    assert [launch_campaigns(database, SOON) for _ in range(2)] == [0, 0]

    assert read(database).state is State.APPROVED
    assert ticks(database) == [("spring", SOON, "MISSED")]
    with database.reading() as snapshot:
        why = snapshot.execute(text("SELECT after FROM audit_log WHERE action = 'campaigns.miss'")).scalar_one()
    assert why == {
        "error": f"{SOON.isoformat()}: CUSTOMERS_NOT_SCORED: no customer has a tier: run ScoreAllCustomers first",
        "why": {"code": "CUSTOMERS_NOT_SCORED", "facts": {}},
    }


def test_a_clock_that_dies_in_the_middle_has_done_nothing_and_the_next_does_it(shop: Database) -> None:
    scheduled(shop, recurrence=MONDAYS, zone="Europe/London")
    tables = ("campaigns", "campaign_versions", "schedule_ticks", "operations", "outbox", "audit_log")
    before = counts(shop, *tables)

    def die_in_the_middle() -> None:
        with shop.writing() as transaction:
            assert scheduling.fire(transaction, make_cause(FIRST), "spring") is Outcome.LAUNCHED
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die_in_the_middle()
    assert (counts(shop, *tables), read(shop).due_time) == (before, FIRST)

    assert launch_campaigns(shop, FIRST) == 1
    assert campaigns_of(shop) == ["spring", "spring-20261123"]


def test_a_due_time_that_was_dealt_with_is_not_launched_again_by_a_clock_that_is_behind(shop: Database) -> None:
    scheduled(shop, recurrence=MONDAYS, zone="Europe/London")
    launch_campaigns(shop, FIRST)
    with shop.writing() as transaction:
        scheduling.unschedule(transaction, make_cause(), "spring")
        assert scheduling.schedule(transaction, make_cause(), "spring").due_time == FIRST

    assert launch_campaigns(shop, FIRST) == 0

    assert (ticks(shop), read(shop).due_time) == ([("spring", FIRST, "LAUNCHED")], FIRST + WEEK)
    assert campaigns_of(shop) == ["spring", "spring-20261123"]


def test_one_campaign_that_breaks_does_not_hold_up_the_others(shop: Database) -> None:
    scheduled(shop, start_time=SOON)
    create_campaign(shop, "autumn", start_time=SOON)
    approve_campaign(shop, "autumn")
    with shop.writing() as transaction:
        scheduling.schedule(transaction, make_cause(), "autumn")
        transaction.execute(text("UPDATE campaigns SET channel_choice = '?' WHERE campaign_id = 'autumn'"))

    with pytest.raises(ExceptionGroup) as broken:
        launch_campaigns(shop, SOON)

    assert len(broken.value.exceptions) == 1
    assert (read(shop).state, ticks(shop)) == (State.LAUNCHING, [("spring", SOON, "LAUNCHED")])


@pytest.mark.parametrize("scope", [EVERYTHING, "spring"])
@pytest.mark.parametrize(
    ("late", "expected"), [(CATCH_UP, ["spring", "spring-20261123"]), (CATCH_UP * 1.01, ["spring"])]
)
def test_what_is_stopped_waits_for_its_launch_as_long_as_there_is_time(
    shop: Database, scope: str, late: timedelta, expected: list[str]
) -> None:
    scheduled(shop, recurrence=MONDAYS, zone="Europe/London")
    with shop.writing() as transaction:
        switches.stop(transaction, make_cause(reason="prices are wrong"), scope)

    assert launch_campaigns(shop, FIRST) == 0
    assert (read(shop).due_time, ticks(shop), campaigns_of(shop)) == (FIRST, [], ["spring"])

    with shop.writing() as transaction:
        switches.allow(transaction, make_cause(reason="prices are right"), scope)
    launch_campaigns(shop, FIRST + late)
    assert campaigns_of(shop) == expected


def test_a_schedule_is_taken_back_and_falls_with_a_change_of_the_plan(shop: Database) -> None:
    scheduled(shop, start_time=SOON)
    with shop.writing() as transaction:
        back = scheduling.unschedule(transaction, make_cause(), "spring")
    assert (back.state, back.due_time) == (State.APPROVED, None)

    with shop.writing() as transaction:
        scheduling.schedule(transaction, make_cause(), "spring")
        drafts.update(transaction, make_cause(), "spring", lambda plan: replace(plan, display_name="Summer"))
    changed = read(shop)
    assert (changed.state, changed.due_time) == (State.DRAFT, None)
    assert launch_campaigns(shop, SOON) == 0


def test_only_an_approved_plan_is_scheduled(shop: Database) -> None:
    create_campaign(shop)

    with pytest.raises(CampaignNotMovable), shop.writing() as transaction:
        scheduling.schedule(transaction, make_cause(), "spring")

    assert read(shop).due_time is None


@pytest.mark.parametrize("paused", [False, True])
def test_a_campaign_is_over_at_its_end(shop: Database, *, paused: bool) -> None:
    plan = make_plan()
    launch_campaign(shop, plan)
    if paused:
        with shop.writing() as transaction:
            campaigns.pause(transaction, make_cause(), "spring")

    assert end_campaigns(shop, plan.end_time - timedelta(seconds=1)) == 0
    assert [end_campaigns(shop, plan.end_time) for _ in range(2)] == [1, 0]

    assert read(shop).state is State.ENDED
    assert audit_lines(shop)[-1] == ("campaigns.end", "campaigns/spring", "OK")


def test_what_is_bought_after_the_clock_ended_a_campaign_counts(database: Database) -> None:
    crowd = [f"c{number:02}" for number in range(40)]
    store_scores(database, dict.fromkeys(crowd, 9000))
    plan = make_plan(holdout_percent=50)
    launch_campaign(database, plan)
    end_campaigns(database, plan.end_time)
    offered = sorted(codes_of(database))
    bought = Event(
        event_id="e1", customer_id=offered[0], time=plan.end_time + timedelta(days=3), event_type=EventType.PURCHASE,
        order_id="o1", item_id="i", quantity=1.0, unit_price_minor=2000, currency="GBP",
    )  # fmt: skip
    with database.writing() as transaction:
        insert_events(transaction, [bought])

    with database.reading() as snapshot:
        found = measuring.results(snapshot, "spring", plan.end_time + timedelta(days=30))

    assert found.results.overall[Metric.CONVERSION].mean == 1 / len(offered)


def test_a_launch_that_is_not_over_at_the_end_stops(shop: Database) -> None:
    waiting = scheduled(shop, start_time=SOON)
    launch_campaigns(shop, SOON)

    end_campaigns(shop, waiting.plan.end_time)

    assert read(shop).state is State.ENDED
    (operation,) = under_way(shop)
    assert operation.cancel_requested


def test_a_campaign_whose_window_is_past_is_missed(shop: Database) -> None:
    waiting = scheduled(shop, start_time=SOON, end_time=SOON + timedelta(hours=1))

    assert launch_campaigns(shop, waiting.plan.end_time) == 0

    assert (read(shop).state, ticks(shop)) == (State.APPROVED, [("spring", SOON, "MISSED")])
