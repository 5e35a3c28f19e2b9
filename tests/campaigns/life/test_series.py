"""Each occurrence of a series is a campaign of its own, from its approved version."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from made.campaigns import (
    NOW,
    approve_campaign,
    codes_of,
    counts,
    create_campaign,
    finish_launch,
    issue_chunk,
    make_cause,
    make_plan,
)
from schedules import FIRST, MONDAYS, SOON, WEEK, campaigns_of, read, scheduled, stocked, ticks, under_way

from campaigns.coupons import issuance, redemption
from campaigns.life import approving, drafts, launch, scheduling, switches, versions
from campaigns.life.approval import ApprovalPolicy
from campaigns.life.refusals import CouponsStopped
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import State
from campaigns.terms.limits import Budget
from campaigns.terms.recurrence import LONGEST_SERIES
from campaigns.terms.refusals import CampaignNotMovable, InvalidCampaign
from database.session import Database
from worker.clock.schedule import end_campaigns, launch_campaigns


@pytest.fixture
def shop(database: Database) -> Database:
    return stocked(database)


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


def test_each_occurrence_of_a_series_is_a_campaign_of_its_own_from_the_approved_version(shop: Database) -> None:
    series = scheduled(shop, recurrence=MONDAYS, zone="Europe/London", end_time=FIRST + 2 * WEEK)
    assert series.due_time == FIRST

    assert [launch_campaigns(shop, FIRST + each) for each in (timedelta(), timedelta(minutes=1), WEEK)] == [1, 0, 1]

    assert campaigns_of(shop) == ["spring", "spring-20261123", "spring-20261130"]
    assert ticks(shop) == [("spring", FIRST, "LAUNCHED"), ("spring", FIRST + WEEK, "LAUNCHED")]
    one = read(shop, "spring-20261123")
    assert (one.state, one.series) == (State.LAUNCHING, "spring")
    assert one.plan == replace(series.plan, recurrence=None, start_time=FIRST, end_time=FIRST + timedelta(days=3))
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


@pytest.mark.parametrize("shift", [timedelta(hours=-1), timedelta(hours=1)])
def test_an_occurrence_comes_at_its_local_time_when_the_rules_of_its_zone_changed_since_it_was_reckoned(
    shop: Database, database_url: str, shift: timedelta
) -> None:
    scheduled(shop, recurrence=MONDAYS, zone="Europe/London")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE campaigns SET due_time = %s", (FIRST + shift,))

    launched = [launch_campaigns(shop, FIRST + each) for each in (-timedelta(hours=1), timedelta(), timedelta(hours=1))]

    assert sum(launched) == 1
    assert launched[0] == 0
    assert campaigns_of(shop) == ["spring", "spring-20261123"]
    assert ticks(shop) == [("spring", FIRST, "LAUNCHED")]
    assert read(shop).due_time == FIRST + WEEK


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
        drafts.create(transaction, make_cause(), "a" * 55, make_plan(recurrence=MONDAYS))
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


def test_a_series_that_is_over_after_an_outage_still_makes_up_for_its_last_occurrence(shop: Database) -> None:
    end = FIRST + timedelta(hours=1)
    scheduled(shop, recurrence=MONDAYS, zone="Europe/London", end_time=end)

    assert (launch_campaigns(shop, end), end_campaigns(shop, end)) == (1, 0)

    assert (read(shop).state, campaigns_of(shop)) == (State.ENDED, ["spring", "spring-20261123"])


def test_a_series_does_not_go_on_for_ever(shop: Database) -> None:
    with pytest.raises(InvalidCampaign) as refused:
        create_campaign(shop, recurrence=MONDAYS, end_time=NOW + LONGEST_SERIES)

    assert refused.value.metadata == {"field": "end_time"}
    assert counts(shop, "campaigns") == (0,)
