"""Whoever approves a plan agrees to the rules of its segments: another rule needs it anew, other members do not."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import pytest
from made.campaigns import NOW, approve_campaign, build_segment, counts, create_campaign, make_cause, rescore
from running.databases import filled_once
from schedules import FIRST, MONDAYS, SOON, SPENDS, WEEK, campaigns_of, read, scheduled, stocked, ticks
from sqlalchemy import text

from campaigns.audiences import segments
from campaigns.audiences.refusals import SegmentInUse
from campaigns.coupons import issuance
from campaigns.errors import WrongState
from campaigns.life import approving, campaigns, drafts, inbox, launch, scheduling, versions
from campaigns.life.approval import ApprovalPolicy
from campaigns.life.refusals import ApproverIsAuthor, SegmentRulesChanged, TiersChanged
from campaigns.terms.campaign import Campaign, State
from campaigns.terms.refusals import InvalidCampaign
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Levels, Measure, Method
from database.session import Database
from database.work import operations
from rules.rule import Compare, InSegment, Not, Operator
from worker.clock.schedule import launch_campaigns

LOYAL = Compare("orders", Operator.AT_LEAST, 5)
EVERYBODY = Not(Compare("orders", Operator.AT_LEAST, 10**6))
TABLES = ("approvals", "audit_log", "campaign_versions", "operations", "outbox")


@filled_once
def shop(database: Database) -> None:
    """With a segment `loyal`, one of those who are not in it, and a campaign for the latter."""
    stocked(database)
    with database.writing() as transaction:
        segments.create(transaction, make_cause(), "loyal", display_name="Loyal", rule=LOYAL)
    build_segment(database, "loyal")
    with database.writing() as transaction:
        segments.create(transaction, make_cause(), "others", display_name="Others", rule=Not(InSegment("loyal")))
    build_segment(database, "others")


@pytest.fixture
def approved(shop: Database) -> Database:
    create_campaign(shop, rule=InSegment("others"))
    approve_campaign(shop)
    return shop


def change_rule(database: Database, segment_id: str = "loyal", *, build: bool = True) -> None:
    with database.writing() as transaction:
        segments.update(transaction, make_cause(name="mallory"), segment_id, rule=EVERYBODY)
    for each in dict.fromkeys([segment_id, "others"]) if build else ():
        build_segment(database, each)


def begin(database: Database) -> None:
    with database.writing() as transaction:
        launch.launch(transaction, make_cause(), "spring")


def submit(database: Database, policy: ApprovalPolicy | None = None) -> Campaign:
    with database.writing() as transaction:
        return approving.submit(transaction, make_cause(), "spring", policy or ApprovalPolicy())


def schedule(database: Database) -> None:
    with database.writing() as transaction:
        scheduling.schedule(transaction, make_cause(), "spring")


def approve(database: Database, version: int, name: str = "bo") -> Campaign:
    with database.writing() as transaction:
        return approving.approve(transaction, make_cause(name=name), "spring", ApprovalPolicy(), version=version)


def reject(database: Database, version: int, name: str = "bo") -> Campaign:
    with database.writing() as transaction:
        return approving.reject(transaction, make_cause(name=name), "spring", version=version)


@pytest.mark.parametrize("segment_id", ["others", "loyal"], ids=["asked", "asked-by-the-asked"])
@pytest.mark.parametrize("build", [True, False])
def test_nothing_goes_out_by_a_rule_that_nobody_agreed_to(approved: Database, segment_id: str, *, build: bool) -> None:
    change_rule(approved, segment_id, build=build)
    before = counts(approved, *TABLES)

    for go in (begin, schedule):
        with pytest.raises(SegmentRulesChanged) as refused:
            go(approved)

    assert isinstance(refused.value, WrongState)
    assert refused.value.metadata == {
        "campaign": "campaigns/spring", "version": "1", "segments": f"segments/{segment_id}",
    }  # fmt: skip
    assert refused.value.message == (
        f"the rule of segments/{segment_id} changed since version 1 of campaigns/spring was written, and nobody has "
        "agreed to it: look at it and submit the campaign again"
    )
    assert (counts(approved, *TABLES), read(approved).state) == (before, State.APPROVED)


def test_the_same_plan_is_submitted_again_and_approved_by_the_same_people(approved: Database) -> None:
    change_rule(approved)

    again = submit(approved)

    assert (again.state, again.version) == (State.SUBMITTED, 2)
    assert approve(approved, 2).state is State.APPROVED
    with approved.reading() as snapshot:
        first, second = (versions.get(snapshot, "spring", number) for number in (1, 2))
        (only,) = versions.compare(snapshot, "spring", 1, 2)
    assert (first.segments, second.segments) == ({"others": 1, "loyal": 1}, {"others": 1, "loyal": 2})
    assert (second.plan, second.authors) == (first.plan, ("anna",))
    assert (only.path, only.before, only.after) == ("segments.loyal", 1, 2)
    begin(approved)
    assert read(approved).state is State.LAUNCHING


def test_new_members_and_new_names_need_no_approval(approved: Database) -> None:
    with approved.writing() as transaction:
        segments.update(transaction, make_cause(), "loyal", display_name="Faithful")
    for segment_id in ("loyal", "others"):
        build_segment(approved, segment_id)

    begin(approved)

    assert read(approved).state is State.LAUNCHING


def test_what_changed_since_the_submission_is_not_approved_unread(shop: Database) -> None:
    create_campaign(shop, rule=InSegment("others"))
    submit(shop)
    change_rule(shop)

    with pytest.raises(SegmentRulesChanged):
        approve(shop, 1)
    assert counts(shop, "approvals") == (0,)

    assert (submit(shop).version, approve(shop, 2).state) == (2, State.APPROVED)


def test_a_rejected_plan_whose_segment_changed_may_be_submitted_again(shop: Database) -> None:
    create_campaign(shop, rule=InSegment("others"))
    submit(shop)
    reject(shop, 1)
    change_rule(shop)

    assert (submit(shop).version, approve(shop, 2).state) == (2, State.APPROVED)


def test_a_shop_of_one_agrees_anew_too(approved: Database) -> None:
    change_rule(approved)

    again = submit(approved, ApprovalPolicy(approvals=0))

    assert (again.state, again.version) == (State.APPROVED, 2)


def test_the_clock_launches_no_rule_that_nobody_agreed_to(shop: Database) -> None:
    scheduled(shop, rule=InSegment("others"), start_time=SOON)
    change_rule(shop)

    assert launch_campaigns(shop, SOON) == 0

    assert (read(shop).state, ticks(shop)) == (State.APPROVED, [("spring", SOON, "MISSED")])
    with shop.reading() as snapshot:
        why = snapshot.execute(text("SELECT after FROM audit_log WHERE action = 'campaigns.miss'")).scalar_one()
    assert "SEGMENT_RULES_CHANGED: the rule of segments/loyal changed since version 1" in why["error"]


def test_a_series_goes_on_when_its_segments_are_agreed_to_again(shop: Database) -> None:
    scheduled(shop, rule=InSegment("others"), recurrence=MONDAYS, zone="Europe/London")
    change_rule(shop)

    assert launch_campaigns(shop, FIRST) == 0
    assert (campaigns_of(shop), read(shop).due_time) == (["spring"], FIRST + WEEK)

    submit(shop)
    approve(shop, 2)
    schedule(shop)
    assert launch_campaigns(shop, FIRST + WEEK) == 1
    assert campaigns_of(shop) == ["spring", "spring-20261130"]


def test_members_of_an_earlier_rule_are_not_submitted(shop: Database) -> None:
    change_rule(shop, build=False)
    create_campaign(shop, rule=InSegment("others"))

    with pytest.raises(InvalidCampaign, match="segments/loyal has the members of an earlier rule: build it first"):
        submit(shop)

    assert read(shop).state is State.DRAFT


def test_members_of_a_segment_that_asks_about_an_earlier_rule_are_not_submitted(shop: Database) -> None:
    change_rule(shop, build=False)
    build_segment(shop, "loyal")
    create_campaign(shop, rule=InSegment("others"))

    with pytest.raises(InvalidCampaign, match="segments/others has the members of an earlier rule: build it first"):
        submit(shop)

    build_segment(shop, "others")
    assert submit(shop).state is State.SUBMITTED


def test_a_rule_stands_still_from_the_launch_until_every_coupon_is_issued(approved: Database) -> None:
    with ThreadPoolExecutor(1) as mallory:
        with approved.writing() as transaction:
            launch.launch(transaction, make_cause(), "spring")
            change = mallory.submit(change_rule, approved)
            wait([change], timeout=0.3)
            assert not change.done(), "it waits for whoever checked the rule"
        with pytest.raises(SegmentInUse, match="campaigns/spring is being launched with the rule of segments/loyal"):
            change.result()

    with approved.writing() as transaction:
        campaigns.pause(transaction, make_cause(), "spring")
    with pytest.raises(SegmentInUse):
        change_rule(approved)
    with approved.writing() as transaction:
        campaigns.end(transaction, make_cause(NOW), "spring")
    change_rule(approved)


def test_a_segment_is_there_for_a_launch_that_is_taken_up_again(approved: Database) -> None:
    begin(approved)
    with approved.writing() as transaction:
        (operation,) = operations.under_way(transaction, operations.LAUNCH_CAMPAIGN)
        assert issuance.freeze(transaction, operation, NOW)
        operations.fail(transaction, operation.operation_id, "the disk is full", NOW)

    used = "campaigns/spring asks about segments/others"
    with pytest.raises(SegmentInUse, match=used), approved.writing() as transaction:
        segments.delete(transaction, make_cause(), "others")

    begin(approved)


@pytest.mark.parametrize("segment_id", ["others", "loyal"], ids=["asked", "asked-by-the-asked"])
def test_who_changed_a_rule_does_not_agree_to_it(approved: Database, segment_id: str) -> None:
    change_rule(approved, segment_id)
    submit(approved)

    with approved.reading() as snapshot:
        assert versions.get(snapshot, "spring", 2).writers == ("mallory", "anna")
        assert inbox.waiting(snapshot, "Mallory", limit=5) == []
        assert len(inbox.waiting(snapshot, "bo", limit=5)) == 1
    for decide in (approve, reject):
        with pytest.raises(ApproverIsAuthor, match="Mallory changed the rule of a segment that this version asks"):
            decide(approved, 2, name="Mallory")

    assert approve(approved, 2).state is State.APPROVED


def test_a_rule_that_was_agreed_to_once_has_no_authors_any_more(approved: Database) -> None:
    change_rule(approved)
    submit(approved)
    approve(approved, 2)

    create_campaign(approved, "summer", rule=InSegment("loyal"))

    with approved.writing() as transaction:
        assert approving.submit(transaction, make_cause(), "summer", ApprovalPolicy()).version == 1
        assert versions.get(transaction, "summer", 1).writers == ("anna",)


def test_a_segment_that_is_made_anew_goes_on_with_another_revision(approved: Database) -> None:
    with approved.writing() as transaction:
        drafts.update(transaction, make_cause(), "spring", lambda plan: replace(plan, rule=None))
        for segment_id in ("others", "loyal"):
            segments.delete(transaction, make_cause(), segment_id)
        segments.create(transaction, make_cause(name="mallory"), "loyal", display_name="Loyal", rule=EVERYBODY)
    build_segment(approved, "loyal")
    with approved.writing() as transaction:
        drafts.update(transaction, make_cause(), "spring", lambda plan: replace(plan, rule=InSegment("loyal")))

        again = versions.get(transaction, "spring", 3)

    assert (again.segments, again.rule_authors) == ({"loyal": 2}, ("mallory",))


def place_anew(database: Database, *, high: float) -> None:
    """As a marketer can alone: other thresholds, and a rescoring by them."""
    with database.writing() as transaction:
        scheme = schemes.create(
            transaction, make_cause(name="mallory"), measure=Measure.EXPECTED_VALUE, method=Method.ABSOLUTE,
            parameters=Levels(high=high, mid=high / 2),
        )  # fmt: skip
        schemes.activate(transaction, make_cause(name="mallory"), scheme.version)
    rescore(database, SPENDS)


def test_nothing_goes_out_by_thresholds_that_nobody_agreed_to(approved: Database) -> None:
    place_anew(approved, high=1)
    before = counts(approved, *TABLES)

    for go in (begin, schedule):
        with pytest.raises(TiersChanged) as refused:
            go(approved)

    assert refused.value.message == (
        "customers have their tiers by tierSchemes/2 since version 1 of campaigns/spring was written, and nobody has "
        "agreed to it: look at it and submit the campaign again"
    )
    assert (counts(approved, *TABLES), read(approved).state) == (before, State.APPROVED)


def test_thresholds_that_give_no_tier_yet_need_no_approval_and_those_that_do_are_agreed_to_anew(
    approved: Database,
) -> None:
    rescore(approved, SPENDS)
    with approved.writing() as transaction:
        launch.launch(transaction, make_cause(), "spring")
        transaction.rollback()
    place_anew(approved, high=1)

    again = submit(approved)
    agreed = approve(approved, again.version)

    with approved.reading() as snapshot:
        (only,) = versions.compare(snapshot, "spring", 1, 2)
    assert (only.path, only.before, only.after, agreed.state) == ("tier_scheme", 1, 2, State.APPROVED)
    begin(approved)
    assert read(approved).state is State.LAUNCHING
