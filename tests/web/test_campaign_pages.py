"""From draft to pause in the browser, by two people."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from made.campaigns import (
    NOT_OVER,
    approve_campaign,
    audit_lines,
    build_segment,
    create_campaign,
    finish_launch,
    issued_codes,
    make_cause,
    read_operation,
    store_scores,
)
from playwright.sync_api import Page, expect
from running.browser import Site, faults, picture
from sqlalchemy import text

from campaigns.audiences import segments
from campaigns.life import amending, approving, campaigns
from campaigns.life.approval import ApprovalPolicy
from campaigns.terms.limits import Budget
from campaigns.terms.recurrence import Recurrence
from database.work import operations
from rules.rule import InSegment, IsKnown, Not


def stopping_stands_apart(anna: Page) -> None:
    headline = anna.locator(".headline")
    expect(headline.get_by_role("link")).to_have_text(["Budget and end", "Make another", "Pause"])
    headline.get_by_text("End or stop…").press("Enter")
    told = headline.get_by_role("listitem")
    expect(told.filter(has_text="none of its 1 coupons can be redeemed any more")).to_contain_text("End")
    expect(told.filter(has_text="Only an approver").get_by_role("link")).to_have_text("Kill switch")
    assert faults(anna, "campaign-end-or-stop") == []


def budget_and_end_change_while_it_runs(anna: Page, ben: Page) -> None:
    anna.get_by_role("link", name="Budget and end").click()
    anna.get_by_label("End").fill("2098-05-01T09:00")
    anna.get_by_label("Budget").fill("5,000")
    anna.get_by_role("button", name="Submit for approval").click()
    expect(anna.get_by_role("alert")).to_contain_text("good until 20 Nov 2099 12:00: the end only moves later")
    assert faults(anna, "amend-refused") == []
    anna.get_by_label("End").fill("2099-12-24T09:00")
    anna.get_by_label("Why").fill("until Christmas")
    anna.get_by_role("button", name="Submit for approval").click()
    asked = anna.get_by_role("status", name="What is asked for")
    expect(asked).to_contain_text("anna asks for version 2")
    expect(asked).to_contain_text("£5,000.00")
    assert faults(anna, "amend-asked") == []

    anna.goto("/approvals")
    anna.get_by_role("link", name="All that wait for an approver").click()
    expect(anna.get_by_role("row", name="Spring")).to_contain_text("waits for an approver")
    picture(anna, "amend-listed")

    ben.goto("/approvals")
    expect(ben.get_by_role("article")).to_contain_text("until Christmas")
    picture(ben, "amend-approvals")
    ben.get_by_role("button", name="Approve").click()
    expect(ben.get_by_text("Nothing waits for you.")).to_be_visible()
    anna.reload()
    expect(anna.get_by_role("row", name="Spring")).to_have_count(0)
    anna.goto("/campaigns/spring")
    expect(asked).to_have_count(0)
    expect(anna.locator(".pace")).to_contain_text("£0.00 of £5,000.00")
    expect(anna.locator(".pace")).to_contain_text("24 Dec 2099 09:00")


def test_one_submits_another_approves_and_the_first_launches_and_pauses(site: Site) -> None:
    store_scores(site.database, {"c1": 9000})
    create_campaign(site.database, end_time=NOT_OVER)
    anna, ben = site.enter("anna"), site.enter("ben", "approver")

    anna.goto("/campaigns")
    expect(anna.get_by_role("row", name="Spring")).to_contain_text("draft")
    assert faults(anna) == []
    anna.get_by_role("link", name="Spring").click()
    expect(anna.get_by_role("link", name="Approve")).to_have_count(0)
    anna.get_by_role("link", name="Submit").click()
    anna.get_by_role("button", name="Submit").click()
    expect(anna.get_by_role("heading", level=1)).to_contain_text("submitted")
    expect(anna.get_by_text("Submitted for approval.")).to_be_visible()
    expect(anna).to_have_title("Submitted for approval. Spring · Tierwise")
    anna.reload()
    expect(anna.get_by_text("Submitted for approval.")).to_have_count(0)

    ben.goto("/campaigns/spring")
    expect(ben.get_by_role("link", name="Launch")).to_have_count(0)
    ben.get_by_role("link", name="Approve").click()
    picture(ben, "approve")
    ben.get_by_label("Comment").fill("good for spring")
    ben.get_by_role("button", name="Approve").click()
    expect(ben.get_by_role("heading", level=1)).to_contain_text("approved")
    ben.get_by_role("link", name="Versions").click()
    expect(ben.get_by_text("good for spring")).to_be_visible()

    anna.goto("/")
    anna.get_by_role("listitem").filter(has_text="Spring is approved").get_by_role("link", name="Go on").click()
    anna.get_by_role("link", name="Launch").click()
    anna.get_by_role("button", name="Launch").click()
    expect(anna.get_by_role("heading", level=1)).to_contain_text("launching")
    with site.database.reading() as snapshot:
        (running,) = operations.page(snapshot, limit=1, kind=operations.LAUNCH_CAMPAIGN)
    finish_launch(site.database, read_operation(site.database, running.operation_id))
    anna.goto("/")
    expect(anna.get_by_role("article")).to_contain_text("Spring")
    picture(anna, "home")
    anna.get_by_role("link", name="Spring").click()
    expect(anna.locator(".figures div", has_text="Incremental revenue")).to_contain_text("nobody is held out")
    budget_and_end_change_while_it_runs(anna, ben)
    stopping_stands_apart(anna)
    anna.get_by_role("link", name="Pause").click()
    anna.get_by_label("Reason").fill("prices change")
    anna.get_by_role("button", name="Pause").click()

    expect(anna.get_by_role("heading", level=1)).to_contain_text("paused")
    expect(anna.get_by_role("status").filter(has_text="anna paused it")).to_contain_text("prices change")
    assert faults(anna, "campaign") == []
    assert audit_lines(site.database)[-1] == ("campaigns.pause", "campaigns/spring", "OK")
    an_end_tells_of_what_nobody_decided(site, anna)


def an_end_tells_of_what_nobody_decided(site: Site, anna: Page) -> None:
    with site.database.writing() as transaction:
        cause = make_cause(datetime.now(UTC))
        amending.update(
            transaction, cause, "spring", lambda plan: replace(plan, budget=Budget(limit_minor=700_000)),
            ApprovalPolicy(),
        )  # fmt: skip
        campaigns.end(transaction, cause, "spring")
    anna.goto("/")
    told = anna.get_by_role("listitem").filter(has_text="Spring ended before anybody decided")
    told.get_by_role("link", name="Look at it").click()
    expect(anna.get_by_role("status").filter(has_text="It is over")).to_contain_text("decided about version 3 by then")
    assert faults(anna, "campaign-undecided") == []


def test_authors_do_not_approve_what_they_wrote(site: Site) -> None:
    store_scores(site.database, {"c1": 9000})
    create_campaign(site.database, end_time=NOT_OVER)
    with site.database.writing() as transaction:
        approving.submit(transaction, make_cause(name="olga"), "spring", ApprovalPolicy())
    anna = site.enter("anna", "approver")
    anna.goto("/campaigns/spring/approve")

    anna.get_by_role("button", name="Approve").click()

    expect(anna.get_by_role("alert")).to_contain_text("anna")
    with site.database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").state == "SUBMITTED"
    assert ("campaigns.approve", "campaigns/spring", "DENIED") in audit_lines(site.database)


def test_what_goes_back_to_its_author_says_why(site: Site) -> None:
    store_scores(site.database, {"c1": 9000})
    create_campaign(site.database, end_time=NOT_OVER)
    anna, ben = site.enter("anna"), site.enter("ben", "approver")
    anna.goto("/campaigns/spring/submit")
    anna.get_by_label("Reason").fill("for Easter")
    anna.get_by_role("button", name="Submit").click()

    anna.goto("/campaigns/spring/edit/review")
    expect(anna.get_by_role("link", name="To the campaign")).to_be_visible()
    expect(anna.get_by_role("button", name="Submit for approval")).to_have_count(0)

    ben.goto("/approvals")
    expect(ben.get_by_role("article")).to_contain_text("for Easter")
    ben.get_by_role("button", name="Reject").click()
    expect(ben.get_by_text("Fill this in.")).to_be_visible()
    with site.database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").state == "SUBMITTED"
    assert faults(ben) == []
    ben.get_by_label("What its authors should change").fill("too dear")
    ben.get_by_role("button", name="Reject").click()
    expect(ben.get_by_role("status").filter(has_text="You rejected it")).to_contain_text("spring")
    expect(ben.get_by_text("Nothing waits for you.")).to_be_visible()

    anna.goto("/")
    anna.get_by_role("listitem").filter(has_text="ben rejected Spring: too dear").get_by_role("link").click()
    expect(anna.get_by_role("status")).to_contain_text("ben rejected version 1")
    expect(anna.get_by_role("status")).to_contain_text("too dear")
    expect(anna.get_by_role("link", name="Submit")).to_have_count(0)
    assert faults(anna, "rejected") == []


def test_a_series_is_scheduled_and_not_launched(site: Site) -> None:
    store_scores(site.database, {"c1": 9000})
    now, mondays = datetime.now(UTC), Recurrence(cron="0 9 * * MON", days=2)
    create_campaign(site.database, recurrence=mondays, start_time=now, end_time=now + timedelta(days=30))
    approve_campaign(site.database)
    anna = site.enter("anna")

    anna.goto("/campaigns")
    anna.get_by_role("row", name="Spring").get_by_role("link", name="Schedule").click()
    anna.get_by_role("link", name="Leave it as it is").click()
    expect(anna.get_by_role("link", name="Launch")).to_have_count(0)
    expect(anna.get_by_role("status")).to_contain_text("the clock launches its occurrences")
    anna.locator(".actions").get_by_role("link", name="Schedule").click()
    anna.get_by_role("button", name="Schedule").click()

    expect(anna.get_by_role("heading", level=1)).to_contain_text("scheduled")
    expect(anna.get_by_role("link", name="Launch")).to_have_count(0)


def test_a_segment_with_another_rule_is_told_before_the_launch_and_agreed_to_again(site: Site) -> None:
    store_scores(site.database, {"c1": 9000})
    with site.database.writing() as transaction:
        segments.create(transaction, make_cause(), "loyal", display_name="Loyal", rule=IsKnown("orders"))
    build_segment(site.database, "loyal")
    create_campaign(site.database, rule=InSegment("loyal"), end_time=NOT_OVER)
    approve_campaign(site.database)
    with site.database.writing() as transaction:
        segments.update(transaction, make_cause(name="olga"), "loyal", rule=Not(IsKnown("orders")))
    build_segment(site.database, "loyal")
    anna, ben = site.enter("anna"), site.enter("ben", "approver")

    anna.goto("/campaigns/spring")
    expect(anna.get_by_role("status")).to_contain_text("changed since version 1 was written: loyal")
    expect(anna.get_by_role("link", name="Launch")).to_have_count(0)
    assert faults(anna, "segment-changed") == []
    anna.goto("/campaigns/spring/launch")
    expect(anna.get_by_role("status")).to_contain_text("Nobody has agreed to it")
    expect(anna.get_by_role("button", name="Launch")).to_have_count(0)
    anna.get_by_role("link", name="Submit").click()
    expect(anna.get_by_text("Version 2 is shown to approvers")).to_be_visible()
    anna.get_by_role("button", name="Submit").click()

    ben.goto("/approvals")
    expect(ben.get_by_role("row", name="Revisions of the rules of segments · Loyal 1 2")).to_be_visible()
    expect(ben.get_by_role("listitem").filter(has_text="loyal:")).to_contain_text(
        "the number of orders so far is not known"
    )
    picture(ben, "approve-segment-changed")
    ben.get_by_role("button", name="Approve").click()
    anna.goto("/campaigns/spring/launch")
    anna.get_by_role("button", name="Launch").click()

    expect(anna.get_by_role("heading", level=1)).to_contain_text("launching")


def test_a_tab_that_shows_an_earlier_campaign_pauses_nothing(site: Site) -> None:
    issued_codes(site.database, ["c1"])
    anna, ben = site.enter("anna"), site.enter("ben", "approver")
    anna.goto("/campaigns/spring/end")
    ben.goto("/campaigns/spring/pause")
    ben.get_by_role("button", name="Pause").click()
    expect(ben.get_by_role("heading", level=1)).to_contain_text("paused")

    anna.get_by_role("button", name="End").click()

    expect(anna.get_by_role("alert")).to_contain_text("changed since it was read")
    with site.database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").state == "PAUSED"


def test_a_button_that_is_pressed_twice_acts_once(site: Site) -> None:
    issued_codes(site.database, ["c1"])
    anna = site.enter("anna")
    anna.goto("/campaigns/spring/pause")
    before = audit_lines(site.database)
    with site.database.writing() as transaction:
        transaction.execute(text("SELECT FROM campaigns FOR UPDATE"))
        twice = "button => { button.click(); setTimeout(() => button.click(), 50); }"
        anna.get_by_role("button", name="Pause").evaluate(twice)
        time.sleep(0.5)

    expect(anna.get_by_role("heading", level=1)).to_contain_text("paused")
    assert audit_lines(site.database)[len(before) :] == [("campaigns.pause", "campaigns/spring", "OK")]


def test_a_move_that_does_not_exist_is_refused(site: Site) -> None:
    issued_codes(site.database, ["c1"])
    anna = site.enter("anna")

    answer = anna.goto("/campaigns/spring/activate")

    assert answer is not None
    assert answer.status == 422
    missing = anna.goto("/campaigns/winter")
    assert missing is not None
    assert missing.status == 404
