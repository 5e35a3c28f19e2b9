"""A campaign that runs gets another budget or end once somebody else agrees, and keeps what customers were told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from made.campaigns import (
    NOW,
    audit_lines,
    begin_launch,
    create_campaign,
    finish_launch,
    issued_codes,
    make_cause,
    make_plan,
    store_scores,
)
from sqlalchemy import select

from campaigns.actor import Cause
from campaigns.coupons import exporting, giving, own_codes, redemption
from campaigns.coupons.own_codes import OwnCode
from campaigns.errors import Refusal
from campaigns.experiments.results import Plan
from campaigns.forecast import forecasts
from campaigns.life import amending, answers, approving, campaigns, inbox, notes, versions
from campaigns.life.approval import ApprovalPolicy
from campaigns.life.refusals import (
    ApproverIsAuthor,
    CampaignChanged,
    CampaignNotEditable,
    VersionNotSubmitted,
    VersionRejected,
)
from campaigns.results import measuring
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Campaign, CampaignPlan, Move
from campaigns.terms.limits import Budget
from campaigns.terms.refusals import BudgetExhausted, CampaignNotMovable, InvalidCampaign
from campaigns.watching.overview import alert
from database.coupons.tables import CouponRow
from database.session import Database, Transaction
from database.terms.tables import CampaignRow
from worker.clock import schedule as clock

ONE, NOBODY = ApprovalPolicy(), ApprovalPolicy(approvals=0)
LARGE = ApprovalPolicy(large_budget_minor=150_000)
DAY = timedelta(days=1)
END = make_plan().end_time
ORDER = Basket(order_minor=20_000, currency="GBP", order_id="o1")
Change = Callable[[CampaignPlan], CampaignPlan]


def budget(minor: int) -> Change:
    return lambda plan: replace(plan, budget=Budget(limit_minor=minor))


def end(days: float) -> Change:
    return lambda plan: replace(plan, end_time=END + days * DAY)


def amend(
    database: Database, change: Change, *, name: str = "marie", policy: ApprovalPolicy = ONE, now: object = NOW,
    etag: str | None = None,
) -> Campaign:  # fmt: skip
    with database.writing() as transaction:
        cause = make_cause(now, name=name, reason="it sells")  # type: ignore[arg-type]  # a time
        return amending.update(transaction, cause, "spring", change, policy, etag=etag)


def decide(
    database: Database, name: str, version: int, *, policy: ApprovalPolicy = ONE, agree: bool = True
) -> Campaign:
    with database.writing() as transaction:
        cause = make_cause(name=name, reason="so be it")
        if agree:
            return approving.approve(transaction, cause, "spring", policy, version=version)
        return approving.reject(transaction, cause, "spring", version=version)


def standing(database: Database) -> Campaign:
    with database.reading() as snapshot:
        return campaigns.get(snapshot, "spring")


def refused(database: Database, kind: type[Refusal], change: Change, **how: object) -> Refusal:
    before = standing(database)
    with pytest.raises(kind) as caught:
        amend(database, change, **how)  # type: ignore[arg-type]  # by name
    assert standing(database) == before
    return caught.value


def planned(database: Database) -> Plan:
    """What the comparison goes by."""
    with database.reading() as snapshot:
        campaign, since = measuring.launched(snapshot, "spring")
        return measuring.plan(snapshot, campaign, since, measuring.counted(snapshot, campaign, since, NOW + DAY))


def test_what_is_proposed_is_in_force_once_somebody_else_agrees(database: Database) -> None:
    codes = issued_codes(database, ["anna", "bert"], budget=Budget(limit_minor=100_000))
    before = standing(database)

    amend(database, budget(200_000))
    asked = amend(database, end(2), name="mo")

    assert (asked.plan, asked.version, asked.proposed_version) == (before.plan, 1, 3)
    with database.reading() as snapshot:
        (read,) = inbox.waiting(snapshot, "bo", limit=9)
        assert inbox.waiting(snapshot, "marie", limit=9) == []
        assert [each.path for each in read.differences] == ["end_time", "budget_minor"]
        assert (read.approved, read.note and read.note.words, bool(read.awaited)) == (1, "it sells", False)
    for author in ("marie", "mo"):
        with pytest.raises(ApproverIsAuthor):
            decide(database, author, 3)
    with pytest.raises(VersionNotSubmitted, match="version 3"):
        decide(database, "bo", 2)
    assert decide(database, "bo", 3, policy=LARGE) == replace(asked, revision=asked.revision + 1)

    after = decide(database, "cleo", 3, policy=LARGE)

    assert after.plan == replace(before.plan, budget=Budget(limit_minor=200_000), end_time=END + 2 * DAY)
    assert (after.version, after.proposed_version, after.state) == (3, None, before.state)
    assert audit_lines(database)[-4:] == [
        (f"campaigns.{what}", "campaigns/spring", "OK") for what in ("update", "update", "approve", "approve")
    ]
    with database.reading() as snapshot:
        query = select(CouponRow.expire_time, CampaignRow.end_time).join(CampaignRow)
        assert set(snapshot.execute(query).all()) == {(END + 2 * DAY, END + 2 * DAY)}
    with database.writing() as transaction:
        late = make_cause(END + DAY)
        assert redemption.redeem(transaction, late, codes["anna"], ORDER).discount_minor == 2000
        assert redemption.redeem(transaction, late, codes["bert"], replace(ORDER, order_id="o2")).discount_minor


def test_what_is_rejected_is_changed_or_withdrawn_and_the_campaign_runs_on(database: Database) -> None:
    issued_codes(database, ["anna"], budget=Budget(limit_minor=100_000))
    before = standing(database)
    amend(database, budget(300_000))
    decide(database, "bo", 2, agree=False)

    with database.reading() as snapshot:
        (answer,) = answers.rejected(snapshot, "marie", limit=9)
        assert (answer.approver, answer.comment) == ("bo", "so be it")
        assert inbox.waiting(snapshot, "cleo", limit=9) == []
    with pytest.raises(VersionRejected, match="version 2 of campaigns/spring was rejected: change"):
        decide(database, "cleo", 2)

    assert amend(database, budget(200_000), name="mo").proposed_version == 3
    with database.reading() as snapshot:
        assert versions.get(snapshot, "spring", 3).authors == ("marie", "mo")
    assert amend(database, lambda _: before.plan).proposed_version is None
    assert amend(database, end(1)).proposed_version == 4
    with database.writing() as transaction:
        assert amending.withdraw(transaction, make_cause(), "spring").proposed_version is None
        assert amending.withdraw(transaction, make_cause(), "spring", etag=None).plan == before.plan


def test_a_lower_budget_still_bears_the_coupons_that_were_given(database: Database) -> None:
    codes = issued_codes(database, [f"c{place}" for place in range(40)], budget=Budget(limit_minor=100_000))
    with database.writing() as transaction:
        redemption.redeem(transaction, make_cause(), codes["c1"], ORDER)

    refusal = refused(database, InvalidCampaign, budget(2_001), policy=NOBODY)
    least = int(refusal.metadata["least_minor"])
    assert (refusal.metadata["field"], 2_001 < least < 5_000) == ("budget.limit", True)
    assert f"the budget is at least {least / 100:.2f} GBP" in refusal.message
    refused(database, InvalidCampaign, budget(least - 1), policy=NOBODY)

    assert amend(database, budget(least), policy=NOBODY).plan.budget == Budget(limit_minor=least)

    with database.writing() as transaction, pytest.raises(BudgetExhausted) as exhausted:
        redemption.redeem(transaction, make_cause(), codes["c2"], replace(ORDER, order_id="o2", order_minor=90_000))
    assert exhausted.value.metadata["limit_minor"] == str(least)
    assert amend(database, lambda plan: replace(plan, budget=None), policy=NOBODY).plan.budget is None
    surer = Budget(limit_minor=10**6, confidence=0.99)
    assert amend(database, lambda plan: replace(plan, budget=surer), policy=NOBODY).plan.budget == surer
    refusal = refused(database, InvalidCampaign, budget(2 * 10**6))
    assert refusal.metadata["field"] == "budget.confidence"


def test_an_end_that_customers_were_told_is_not_moved_before(database: Database) -> None:
    issued_codes(database, ["anna"])

    refusal = refused(database, InvalidCampaign, end(-1))
    assert (refusal.metadata["field"], refusal.metadata["told_time"]) == ("end_time", "2026-12-20T12:00+00:00")
    assert "customers may have been told" in refusal.message
    assert "lies ahead" in refused(database, InvalidCampaign, end(-30)).message

    assert amend(database, end(2), policy=NOBODY).plan.end_time == END + 2 * DAY
    refused(database, InvalidCampaign, end(1))


@pytest.mark.parametrize("taken", [exporting.begin, partial(giving.give, customer_id="anna")])
def test_before_its_start_it_may_end_earlier_unless_codes_are_out(
    database: Database, taken: Callable[[Transaction, Cause, str], object]
) -> None:
    issued_codes(database, ["anna"], start_time=NOW + DAY)

    assert amend(database, end(-1), policy=NOBODY).plan.end_time == END - DAY

    amend(database, end(-2))
    with database.writing() as transaction:
        taken(transaction, make_cause(reason="a lost mail"), "spring")
    with pytest.raises(InvalidCampaign, match="told"):
        decide(database, "bo", 3)


def test_it_does_not_end_before_what_the_shop_has_printed_on_its_own_codes(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    create_campaign(database, start_time=NOW + DAY)
    with database.writing() as transaction:
        own_codes.take_in(transaction, make_cause(), "spring", [OwnCode("SPRINGCARD1")], all_or_nothing=True)
    finish_launch(database, begin_launch(database))

    assert "told_time" in refused(database, InvalidCampaign, end(-1)).metadata


def test_nothing_else_of_it_changes(database: Database) -> None:
    issued_codes(database, ["anna"])

    refusal = refused(
        database, CampaignNotEditable, lambda plan: replace(plan, display_name="Summer", holdout_percent=5)
    )

    assert refusal.metadata["fields"] == "display_name, holdout_percent"
    assert "display_name, holdout_percent would: make another campaign" in refusal.message


def test_a_draft_is_changed_as_ever(database: Database) -> None:
    create_campaign(database)

    assert amend(database, budget(5), policy=NOBODY).version == 2


def test_of_two_changes_that_were_made_of_the_same_one_is_refused(database: Database) -> None:
    issued_codes(database, ["anna"], budget=Budget(limit_minor=100_000))
    read = standing(database).etag

    first = amend(database, budget(200_000), etag=read)

    refused(database, CampaignChanged, end(2), etag=read)
    assert amend(database, budget(200_000)) == first, "what is proposed already is not proposed again"


def test_what_is_over_is_neither_amended_nor_agreed_to_and_its_author_is_told(database: Database) -> None:
    issued_codes(database, ["anna"], budget=Budget(limit_minor=100_000))
    amend(database, budget(200_000))

    assert clock.end_campaigns(database, END) == 1

    over = standing(database)
    assert over.proposed_version is None
    with database.reading() as snapshot:
        note = notes.last(snapshot, over, Move.END)
        assert note is not None
        assert note.undecided == 2
        told = {
            (who, days): [
                each.campaign_id for each in alert(snapshot, END + days * DAY, approver=None, author=who).undecided
            ]
            for who in ("marie", "bo")
            for days in (1, 8)
        }
    assert told == {("marie", 1): ["spring"], ("marie", 8): [], ("bo", 1): [], ("bo", 8): []}
    with database.reading() as snapshot:
        assert inbox.waiting(snapshot, "bo", limit=9) == []
    with pytest.raises(CampaignNotMovable):
        decide(database, "bo", 2)
    refused(database, CampaignNotEditable, budget(300_000))


def test_of_what_was_rejected_nobody_is_told_at_the_end_that_nobody_decided(database: Database) -> None:
    issued_codes(database, ["anna"], budget=Budget(limit_minor=100_000))
    amend(database, budget(200_000))
    decide(database, "bo", 2, agree=False)
    with database.writing() as transaction:
        over = campaigns.end(transaction, make_cause(), "spring")
        assert notes.last(transaction, over, Move.END) == notes.Note(author="anna", time=NOW, words="")


def test_a_clock_that_looked_before_the_end_moved_ends_nothing(database: Database) -> None:
    issued_codes(database, ["anna"])
    amend(database, end(2), policy=NOBODY, now=END - timedelta(seconds=1))

    with database.writing() as transaction, pytest.raises(CampaignNotMovable, match="ends later"):
        campaigns.end_in_time(transaction, make_cause(END), "spring")

    assert clock.end_campaigns(database, END) == 0
    assert clock.end_campaigns(database, END + 2 * DAY) == 1


def test_the_comparison_stays_as_it_was_planned_and_counts_until_a_week_after_the_new_end(database: Database) -> None:
    issued_codes(database, [f"c{place}" for place in range(20)], holdout_percent=50)
    before = planned(database)

    after = amend(database, end(60), policy=NOBODY)

    assert measuring.closed(after) == END + 67 * DAY
    with database.reading() as snapshot:
        assert measuring.planned_end(snapshot, after) == END
    assert planned(database) == before
    assert clock.end_campaigns(database, END + 60 * DAY) == 1
    with database.writing() as transaction:
        assert forecasts.close(transaction, make_cause(END + 70 * DAY), "spring")
        assert not forecasts.get(transaction, "spring").teaches


def test_what_was_rejected_is_not_asked_for_again_as_it_stands(database: Database) -> None:
    issued_codes(database, ["anna"], budget=Budget(limit_minor=100_000))
    amend(database, budget(300_000))
    decide(database, "bo", 2, agree=False)

    assert "withdraw it" in refused(database, VersionRejected, budget(300_000)).message


def test_an_export_waits_for_an_end_that_is_being_moved(database: Database) -> None:
    issued_codes(database, ["anna"], start_time=NOW + DAY)
    with database.writing() as transaction, ThreadPoolExecutor(1) as other:
        amending.update(transaction, make_cause(), "spring", end(-1), NOBODY)

        def export() -> object:
            with database.writing() as beside:
                return exporting.begin(beside, make_cause(), "spring").plan.end_time

        waiting = other.submit(export)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        transaction.commit()
        assert waiting.result(timeout=5) == END - DAY
