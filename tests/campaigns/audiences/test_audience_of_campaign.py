"""Who a launch reaches: the offered tiers, narrowed by a rule, less those who are held out."""

from dataclasses import replace

import pytest
from made.campaigns import (
    NOW,
    add_customers,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    issue_chunk,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    store_scores,
)
from sqlalchemy import text

from campaigns.audiences import segments
from campaigns.audiences.refusals import SegmentInUse
from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.life import campaigns, drafts, launch
from campaigns.terms.arms import OFFER_ARM
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.refusals import InvalidCampaign
from database.audiences import segments as stored_segments
from database.session import Database
from rules.rule import Compare, InSegment, Not, Operator

RICH = Compare("expected_spend", Operator.AT_LEAST, 9000)
CROWD = [f"c{number:03}" for number in range(300)]


def arms_of(database: Database, campaign_id: str = "spring") -> dict[str, str]:
    with database.reading() as snapshot:
        query = text("SELECT customer_id, arm FROM audiences WHERE campaign_id = :id ORDER BY 1")
        return dict(snapshot.execute(query, {"id": campaign_id}).all())


def expected_arms(plan: CampaignPlan, campaign_id: str = "spring") -> dict[str, str]:
    return {who: group_of(plan.design, campaign_id=campaign_id, customer_id=who) for who in CROWD}


@pytest.fixture
def shop(database: Database) -> Database:
    """Three customers of tier HIGH, of whom anna and dora are expected to spend at least 90.00, and one of tier LOW."""
    store_scores(database, {"anna": 9000, "bert": 8000, "carl": 10, "dora": 9001})
    return database


def test_only_those_who_fit_the_rule_get_a_coupon(shop: Database) -> None:
    plan = make_plan(rule=RICH)

    operation = launch_campaign(shop, plan)

    assert set(codes_of(shop)) == {"anna", "dora"}
    assert operation.response == {
        "campaign_id": "spring", "issued_count": 2, "held_out_count": 0, "collision_count": 0,
        "over_budget_count": 0, "own_codes_left_count": 0,
        "audience": {"HIGH": 2}, "excluded": {},
    }  # fmt: skip
    with shop.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
        kept = snapshot.execute(text("SELECT after -> 'rule' FROM audit_log WHERE action = 'campaigns.create'"))
        assert kept.scalar_one() == {"compare": {"fact": "expected_spend", "operator": "at_least", "value": 9000}}
    assert (campaign.plan, campaign.launch_time) == (plan, NOW)


def test_the_rule_narrows_the_tiers_and_never_widens_them(shop: Database) -> None:
    launch_campaign(shop, make_plan(rule=Not(RICH)))

    assert set(codes_of(shop)) == {"bert"}


def test_a_rule_can_ask_about_a_segment_and_is_frozen_with_the_audience(shop: Database) -> None:
    with shop.writing() as transaction:
        segments.create(transaction, make_cause(), "friends", display_name="Friends", rule=RICH)
        number = stored_segments.start_build(transaction, "friends", "none")
        stored_segments.add_members(transaction, "friends", number, RICH, after="", through="z")
        stored_segments.finish_build(transaction, "friends", number, revision=1, seconds=1.0, now=NOW)
    create_campaign(shop, rule=InSegment("friends"))
    operation = begin_launch(shop)
    with shop.writing() as transaction, pytest.raises(SegmentInUse) as refused:
        segments.delete(transaction, make_cause(), "friends")
    assert refused.value.metadata["used_by"] == "campaigns/spring"

    issue_chunk(shop, operation)
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE customer_facts SET expected_spend = 0"))
        transaction.execute(text("DELETE FROM segment_members"))
    while not (operation := read_operation(shop, operation.operation_id)).done:
        issue_chunk(shop, operation, limit=1)

    assert set(codes_of(shop)) == {"anna", "dora"}


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (make_plan(rule=Compare("order_90", Operator.AT_LEAST, 1)), "rule.compare.fact"),
        (make_plan(rule=Not(InSegment("nobody"))), "rule.not.in_segment"),
        (make_plan(holdout_percent=51), "holdout_percent"),
        (make_plan(holdout_percent=-1), "holdout_percent"),
    ],
)
def test_a_plan_that_makes_no_sense_names_the_place(database: Database, plan: CampaignPlan, field: str) -> None:
    with database.writing() as transaction, pytest.raises(InvalidCampaign) as refused:
        drafts.create(transaction, make_cause(), "spring", plan)
    assert refused.value.metadata["field"] == field
    assert counts(database, "campaigns") == (0,)

    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "spring", make_plan())
    with database.writing() as transaction, pytest.raises(InvalidCampaign):
        drafts.update(transaction, make_cause(), "spring", lambda _: plan)
    with database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").plan == make_plan()


@pytest.mark.parametrize("percent", [0, 10, 50])
def test_who_is_held_out_follows_from_the_hash_and_gets_nothing(database: Database, percent: int) -> None:
    store_scores(database, dict.fromkeys(CROWD, 9000))
    plan = make_plan(holdout_percent=percent)

    operation = launch_campaign(database, plan)

    arms = expected_arms(plan)
    held_out = sum(arm == HOLDOUT for arm in arms.values())
    assert held_out == {0: 0, 10: 31, 50: 146}[percent]
    assert arms_of(database) == arms
    assert sorted(codes_of(database)) == [who for who, arm in arms.items() if arm == OFFER_ARM]
    assert (operation.done_count, operation.total_count) == (300 - held_out, 300 - held_out)
    assert operation.response == {
        "campaign_id": "spring", "issued_count": 300 - held_out, "held_out_count": held_out, "collision_count": 0,
        "over_budget_count": 0, "own_codes_left_count": 0,
        "audience": {"HIGH": 300}, "excluded": {},
    }  # fmt: skip
    with database.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
    assert (campaign.issued_count, campaign.held_out_count) == (300 - held_out, held_out)


def test_two_campaigns_hold_out_different_customers(database: Database) -> None:
    store_scores(database, dict.fromkeys(CROWD, 9000))
    plan = make_plan(holdout_percent=50)

    for campaign_id in ("spring", "summer"):
        launch_campaign(database, replace(plan, display_name=campaign_id), campaign_id)

    assert arms_of(database, "spring") == expected_arms(plan, "spring")
    assert arms_of(database, "summer") == expected_arms(plan, "summer")
    assert arms_of(database, "spring") != arms_of(database, "summer")


def test_a_launch_that_is_taken_up_again_holds_out_the_same_customers(database: Database) -> None:
    add_customers(database, CROWD[:200])
    store_scores(database, dict.fromkeys(CROWD, 9000))
    plan = make_plan(holdout_percent=10)
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "spring", plan)
    failed = begin_launch(database)
    issue_chunk(database, failed)
    issue_chunk(database, read_operation(database, failed.operation_id), limit=50)
    with database.writing() as transaction:
        transaction.execute(text("UPDATE operations SET state = 'FAILED'"))
    add_customers(database, CROWD[200:])

    with database.writing() as transaction:
        operation = launch.launch(transaction, make_cause(), "spring")
    while not (operation := read_operation(database, operation.operation_id)).done:
        issue_chunk(database, operation, limit=50)

    arms = expected_arms(plan)
    assert arms_of(database) == arms
    assert sorted(codes_of(database)) == [who for who, arm in arms.items() if arm == OFFER_ARM]
