"""The clock launches each due time once, makes up for what it missed within bounds, and ends what is over."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from campaign_factories import (
    NOW,
    add_customers,
    approve_campaign,
    audit_lines,
    codes_of,
    counts,
    create_campaign,
    finish_launch,
    issue_chunk,
    launch_campaign,
    make_cause,
    make_plan,
    store_scores,
)
from sqlalchemy import text

from campaigns.coupons import issuance, redemption
from campaigns.experiments.results import Metric
from campaigns.life import approving, launch, scheduling, switches, versions
from campaigns.life.approval import ApprovalPolicy
from campaigns.life.refusals import CouponsStopped
from campaigns.life.scheduling import Outcome
from campaigns.results import measuring
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Campaign, State
from campaigns.terms.limits import Budget
from campaigns.terms.recurrence import LONGEST_SERIES, Recurrence
from campaigns.terms.refusals import CampaignNotMovable, InvalidCampaign
from campaigns.terms.schedule import CATCH_UP
from database.events.store import insert_events
from database.life.stops import EVERYTHING
from database.session import Database
from database.work import operations
from database.work.operations import Operation
from events.event import Event, EventType
from worker.schedule import end_campaigns, launch_campaigns

SOON = NOW + timedelta(hours=3)
MONDAYS = Recurrence(cron="0 9 * * MON", days=3)
"""In London; NOW is a Friday, so next on the 23rd, the 30th and so on, of November 2026."""
FIRST = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
WEEK = timedelta(days=7)


@pytest.fixture
def shop(database: Database) -> Database:
    add_customers(database, ["anna", "bert"])
    store_scores(database, {"anna": 9000, "bert": 9000})
    return database


def read(database: Database, campaign_id: str = "spring") -> Campaign:
    with database.reading() as snapshot:
        return launch.get(snapshot, campaign_id)


def scheduled(database: Database, **changes: object) -> Campaign:
    create_campaign(database, **changes)
    approve_campaign(database)
    with database.writing() as transaction:
        return scheduling.schedule(transaction, make_cause(), "spring")


def under_way(database: Database) -> list[Operation]:
    with database.reading() as snapshot:
        return operations.under_way(snapshot, operations.LAUNCH_CAMPAIGN)


def ticks(database: Database) -> list[tuple[str, datetime, str]]:
    with database.reading() as snapshot:
        rows = snapshot.execute(text("SELECT schedule, due_time, outcome FROM schedule_ticks ORDER BY due_time"))
        return [(schedule, due_time, outcome) for schedule, due_time, outcome in rows]


def campaigns_of(database: Database) -> list[str]:
    with database.reading() as snapshot:
        return sorted(each.campaign_id for each in launch.page(snapshot, limit=99))


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


def test_a_launch_that_is_refused_is_missed_with_its_reason_and_not_tried_again(database: Database) -> None:
    scheduled(database, start_time=SOON)

    assert [launch_campaigns(database, SOON) for _ in range(2)] == [0, 0]

    assert read(database).state is State.APPROVED
    assert ticks(database) == [("spring", SOON, "MISSED")]
    with database.reading() as snapshot:
        why = snapshot.execute(text("SELECT after FROM audit_log WHERE action = 'campaigns.miss'")).scalar_one()
    assert why == {
        "error": f"{SOON.isoformat()}: CUSTOMERS_NOT_SCORED: no customer has a tier: run ScoreAllCustomers first"
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


def test_a_stop_of_a_series_holds_its_occurrences_too(shop: Database) -> None:
    scheduled(shop, recurrence=MONDAYS, zone="Europe/London")
    launch_campaigns(shop, FIRST)
    (operation,) = under_way(shop)
    with shop.writing() as transaction:
        switches.stop(transaction, make_cause(reason="prices are wrong"), "spring")

    with pytest.raises(issuance.Held):
        issue_chunk(shop, operation)
    waiting = counts(shop, "outbox")[0]
    with shop.writing() as transaction:
        switches.allow(transaction, make_cause(reason="prices are right"), "spring")
    assert counts(shop, "outbox") == (waiting + 1,), "the workers are told"
    finish_launch(shop, operation)
    code = codes_of(shop, "spring-20261123")["anna"]
    with shop.writing() as transaction:
        switches.stop(transaction, make_cause(reason="prices are wrong"), "spring")

    basket = Basket(order_id="o1", order_minor=2000, currency="GBP", customer_id="anna")
    with pytest.raises(CouponsStopped), shop.writing() as transaction:
        redemption.redeem(transaction, make_cause(FIRST), code, basket)


def test_a_series_is_approved_for_what_all_its_occurrences_may_spend(shop: Database) -> None:
    policy = ApprovalPolicy(large_budget_minor=5000)
    for weeks, state in ((2, State.APPROVED), (3, State.SUBMITTED)):
        create_campaign(
            shop, f"for-{weeks}", recurrence=MONDAYS, zone="Europe/London", end_time=FIRST + weeks * WEEK,
            budget=Budget(limit_minor=2000),
        )  # fmt: skip
        with shop.writing() as transaction:
            approving.submit(transaction, make_cause(), f"for-{weeks}", policy)
            approved = approving.approve(transaction, make_cause(name="bo"), f"for-{weeks}", policy, version=1)
        assert approved.state is state


def test_a_schedule_is_taken_back_and_falls_with_a_change_of_the_plan(shop: Database) -> None:
    scheduled(shop, start_time=SOON)
    with shop.writing() as transaction:
        back = scheduling.unschedule(transaction, make_cause(), "spring")
    assert (back.state, back.due_time) == (State.APPROVED, None)

    with shop.writing() as transaction:
        scheduling.schedule(transaction, make_cause(), "spring")
        launch.update(transaction, make_cause(), "spring", lambda plan: replace(plan, display_name="Summer"))
    changed = read(shop)
    assert (changed.state, changed.due_time) == (State.DRAFT, None)
    assert launch_campaigns(shop, SOON) == 0


def test_only_an_approved_plan_is_scheduled(shop: Database) -> None:
    create_campaign(shop)

    with pytest.raises(CampaignNotMovable), shop.writing() as transaction:
        scheduling.schedule(transaction, make_cause(), "spring")

    assert read(shop).due_time is None


def test_each_occurrence_of_a_series_is_a_campaign_of_its_own_from_the_approved_version(shop: Database) -> None:
    series = scheduled(shop, recurrence=MONDAYS, zone="Europe/London", end_time=FIRST + 2 * WEEK)
    assert series.due_time == FIRST

    assert [launch_campaigns(shop, FIRST + each) for each in (timedelta(), timedelta(minutes=1), WEEK)] == [1, 0, 1]

    assert campaigns_of(shop) == ["spring", "spring-20261123", "spring-20261130"]
    assert ticks(shop) == [("spring", FIRST, "LAUNCHED"), ("spring", FIRST + WEEK, "LAUNCHED")]
    one = read(shop, "spring-20261123")
    assert (one.state, one.series) == (State.LAUNCHING, "spring")
    assert one.plan == replace(
        series.plan, recurrence=None, start_time=FIRST, end_time=FIRST + timedelta(days=3)
    )  # fmt: skip
    with shop.reading() as snapshot:
        assert versions.get(snapshot, "spring-20261123", 1).authors == ("anna",)
    for operation in under_way(shop):
        finish_launch(shop, operation)
    assert set(codes_of(shop, "spring-20261130")) == {"anna", "bert"}
    assert read(shop).state is State.ENDED, "no Monday is left"


def test_a_series_that_misses_an_occurrence_goes_on_with_the_next(shop: Database) -> None:
    scheduled(shop, recurrence=MONDAYS, zone="Europe/London")
    late = FIRST + WEEK + timedelta(hours=1)

    assert [launch_campaigns(shop, late) for _ in range(2)] == [1, 0]

    assert ticks(shop) == [("spring", FIRST, "MISSED"), ("spring", FIRST + WEEK, "LAUNCHED")]
    assert campaigns_of(shop) == ["spring", "spring-20261130"]
    assert read(shop).due_time == FIRST + 2 * WEEK


def test_an_occurrence_whose_name_is_taken_is_missed(shop: Database) -> None:
    create_campaign(shop, "spring-20261123")
    scheduled(shop, recurrence=MONDAYS, zone="Europe/London")

    assert launch_campaigns(shop, FIRST) == 0

    assert read(shop, "spring-20261123").state is State.DRAFT
    assert (ticks(shop), read(shop).due_time) == ([("spring", FIRST, "MISSED")], FIRST + WEEK)


def test_a_series_is_not_launched_itself_and_its_id_leaves_room_for_days(shop: Database) -> None:
    create_campaign(shop, recurrence=MONDAYS)
    approve_campaign(shop)
    with pytest.raises(CampaignNotMovable, match="is a series"), shop.writing() as transaction:
        launch.launch(transaction, make_cause(), "spring")

    with pytest.raises(InvalidCampaign) as refused, shop.writing() as transaction:
        launch.create(transaction, make_cause(), "a" * 55, make_plan(recurrence=MONDAYS))
    assert refused.value.metadata == {"field": "campaign_id"}


def test_occurrences_are_told_before_anybody_approves(shop: Database) -> None:
    create_campaign(shop, recurrence=MONDAYS, zone="Europe/London")
    create_campaign(shop, "once", start_time=SOON)

    with shop.reading() as snapshot:
        coming = scheduling.preview(snapshot, "spring", NOW, limit=3)
        once = scheduling.preview(snapshot, "once", NOW, limit=3)

    assert [(name, each.start_time) for name, each in coming] == [
        ("spring-20261123", FIRST), ("spring-20261130", FIRST + WEEK), ("spring-20261207", FIRST + 2 * WEEK),
    ]  # fmt: skip
    assert [(name, each.start_time) for name, each in once] == [("once", SOON)]


def test_a_series_without_an_occurrence_left_is_not_scheduled(shop: Database) -> None:
    create_campaign(shop, recurrence=MONDAYS, zone="Europe/London", end_time=FIRST)
    approve_campaign(shop)

    with pytest.raises(InvalidCampaign) as refused, shop.writing() as transaction:
        scheduling.schedule(transaction, make_cause(), "spring")

    assert refused.value.metadata == {"field": "recurrence"}


@pytest.mark.parametrize("paused", [False, True])
def test_a_campaign_is_over_at_its_end(shop: Database, *, paused: bool) -> None:
    plan = make_plan()
    launch_campaign(shop, plan)
    if paused:
        with shop.writing() as transaction:
            launch.pause(transaction, make_cause(), "spring")

    assert end_campaigns(shop, plan.end_time - timedelta(seconds=1)) == 0
    assert [end_campaigns(shop, plan.end_time) for _ in range(2)] == [1, 0]

    assert read(shop).state is State.ENDED
    assert audit_lines(shop)[-1] == ("campaigns.end", "campaigns/spring", "OK")


def test_what_is_bought_after_the_clock_ended_a_campaign_counts(database: Database) -> None:
    crowd = [f"c{number:02}" for number in range(40)]
    add_customers(database, crowd)
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


def test_a_series_that_is_over_after_an_outage_still_makes_up_for_its_last_occurrence(shop: Database) -> None:
    end = FIRST + timedelta(hours=1)
    scheduled(shop, recurrence=MONDAYS, zone="Europe/London", end_time=end)

    assert (launch_campaigns(shop, end), end_campaigns(shop, end)) == (1, 0)

    assert (read(shop).state, campaigns_of(shop)) == (State.ENDED, ["spring", "spring-20261123"])


def test_a_campaign_whose_window_is_past_is_missed(shop: Database) -> None:
    waiting = scheduled(shop, start_time=SOON, end_time=SOON + timedelta(hours=1))

    assert launch_campaigns(shop, waiting.plan.end_time) == 0

    assert (read(shop).state, ticks(shop)) == (State.APPROVED, [("spring", SOON, "MISSED")])


def test_a_series_does_not_go_on_for_ever(shop: Database) -> None:
    with pytest.raises(InvalidCampaign) as refused:
        create_campaign(shop, recurrence=MONDAYS, end_time=NOW + LONGEST_SERIES)

    assert refused.value.metadata == {"field": "end_time"}
    assert counts(shop, "campaigns") == (0,)
