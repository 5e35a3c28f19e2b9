"""What runs, what came of it, and the buttons that stop it, in the browser."""

import csv
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from made.campaigns import (
    NOW,
    approve_campaign,
    audit_lines,
    codes_of,
    create_campaign,
    launch_campaign,
    make_cause,
    make_plan,
    store_scores,
)
from playwright.sync_api import Locator, Page, Route, expect
from running.browser import Site, faults, in_chinese, picture
from running.databases import filled_once
from shops.watched_shop import LAUNCHED, open_watched
from sqlalchemy import text

from admin.web.pages.campaigns import audience
from campaigns.audit import verification
from campaigns.coupons import reconciliation
from campaigns.coupons.codes import normalise
from campaigns.faults import Code, Fault
from campaigns.life import approving, campaigns, drafts, scheduling
from campaigns.life.approval import ApprovalPolicy
from campaigns.terms.recurrence import Recurrence
from campaigns.tiers import rescoring
from campaigns.watching import readings
from campaigns.work import jobs
from database.session import Database
from database.work import duties, operations
from database.work.duties import Duty

UNFORESEEN = {"code": "UNEXPECTED", "facts": {"type": "KeyError", "log_id": "t7"}}


@filled_once
def watched(database: Database) -> None:
    open_watched(database)


@pytest.fixture
def shop(watched: Database, site: Site) -> Site:
    return site


def test_results_say_what_to_do_and_how_sure_that_is(shop: Site) -> None:
    anna = shop.enter("anna")
    anna.goto("/campaigns/spring")
    anna.get_by_role("link", name="Experiment").click()

    expect(anna.get_by_role("heading", name="Keep it")).to_be_visible()
    expect(anna.get_by_role("img", name="Margin")).to_have_count(2)
    picture(anna, "experiment")
    assert faults(anna) == []
    anna.get_by_role("link", name="Conversion").click()
    expect(anna.get_by_role("img", name="Conversion")).to_have_count(2)
    anna.emulate_media(color_scheme="dark")
    anna.set_viewport_size({"width": 400, "height": 800})
    in_chinese(anna)
    expect(anna.get_by_role("heading", name="保留")).to_be_visible()
    assert faults(anna, "experiment-narrow-dark-zh") == []


def test_home_says_what_needs_somebody_and_how_campaigns_stand(shop: Site) -> None:
    now = datetime.now(UTC)
    approve_campaign(shop.database, _draft(shop, "autumn", "Autumn", start_time=now))
    with shop.database.writing() as transaction:
        readings.take(transaction, "spring", now)
        approving.submit(transaction, make_cause(), _draft(shop, "summer", "Summer"), ApprovalPolicy())
        transaction.execute(text("UPDATE campaigns SET budget_minor = 33000 WHERE campaign_id = 'spring'"))
        transaction.execute(text("UPDATE result_readings SET mismatch = true"))
        scheduling.schedule(transaction, make_cause(now), "autumn")
        scheduling.miss(transaction, make_cause(now), "autumn", scheduling.LATE)
        failed = rescoring.begin(transaction, make_cause(now))
        operations.fail(transaction, failed.operation_id, "the disk is full", now)
    ben = shop.enter("ben", "approver")
    ben.goto("/")

    spring = ben.get_by_role("article").filter(has_text="Spring")
    expect(spring.get_by_label("Part of the window that is over")).to_be_visible()
    expect(spring).to_contain_text("£320.80 of £330.00")
    expect(spring).to_contain_text("of 203 coupons")
    expect(ben.get_by_role("listitem").filter(has_text="Spring has used 97% of its budget")).to_contain_text("£9.20")
    expect(ben.get_by_role("listitem").filter(has_text="The groups of Spring")).to_be_visible()
    expect(ben.get_by_role("listitem").filter(has_text="Score everybody")).to_contain_text("the disk is full")
    expect(ben.get_by_role("listitem").filter(has_text="Autumn was not launched by the clock")).to_be_visible()
    tight = ben.get_by_role("listitem").filter(has_text="Spring has used")
    expect(tight.get_by_role("link", name="Pause")).to_have_attribute("href", "/campaigns/spring/pause")
    assert faults(ben, "home") == []
    alert = ben.get_by_role("listitem").filter(has_text="Autumn was not launched by the clock")
    alert.get_by_role("link", name="Read why").click()
    expect(ben.get_by_role("table")).to_contain_text("it was not launched within 6 hours of its time")
    in_chinese(ben)
    expect(ben.get_by_role("table")).to_contain_text("未能在预定时间后的 6 小时内启动")
    expect(ben.get_by_role("table")).not_to_contain_text("it was not launched")
    ben.get_by_role("button", name="English").click()
    ben.goto("/")
    anna = shop.enter("anna")
    anna.goto("/")
    anna.get_by_role("listitem").filter(has_text="Score everybody").get_by_role("button", name="Try again").click()
    expect(anna.get_by_role("row", name="Score everybody m1 running")).to_be_visible()
    ben.get_by_role("listitem").filter(has_text="Summer waits for your decision").get_by_role("link").click()

    expect(ben.get_by_role("article").filter(has_text="Summer")).to_contain_text("none was approved before")


def test_home_says_when_too_few_have_bought_to_tell_and_that_money_is_another(shop: Site) -> None:
    with shop.database.writing() as transaction:
        readings.take(transaction, "spring", LAUNCHED + timedelta(days=3))
        transaction.execute(text("UPDATE scores SET currency = 'EUR'"))
    anna = shop.enter("anna")
    anna.goto("/")

    expect(anna.get_by_text("Scores count money in EUR, and these pages in GBP")).to_be_visible()

    spring = anna.get_by_role("article").filter(has_text="Spring")

    expect(spring.get_by_text("nothing can be said yet")).to_be_visible()


def test_what_nothing_can_be_said_of_has_no_figure(site: Site) -> None:
    store_scores(site.database, dict.fromkeys((f"c{number:02}" for number in range(20)), 9000))
    launch_campaign(site.database, make_plan(holdout_percent=50, end_time=datetime.now(UTC) + timedelta(days=9)))
    anna = site.enter("anna")

    anna.goto("/campaigns/spring/experiment")

    expect(anna.get_by_text("Revenue: nothing can be said yet.")).to_be_visible()
    expect(anna.locator(".figures div", has_text="Incremental revenue")).to_contain_text("–nothing can be said yet")
    expect(anna.get_by_role("heading", name="Wait: it is too early to tell")).to_be_visible()
    cells = anna.get_by_role("group", name="Revenue").get_by_role("row", name="offer").get_by_role("cell")
    expect(cells).to_have_text(["£0.00", "£0.00", "–nothing can be said yet", "–", "–nothing can be said yet"])
    with site.database.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")
    anna.reload()
    expect(anna.get_by_role("heading", name="It is over, and whether it worked is not shown")).to_be_visible()


def test_an_approver_reads_what_changed_and_decides_with_a_comment(site: Site) -> None:
    _draft(site, "summer", "Summer")
    approve_campaign(site.database, "summer", now=datetime.now(UTC))
    with site.database.writing() as transaction:
        drafts.update(transaction, make_cause(), "summer", lambda plan: replace(plan, holdout_percent=20))
        approving.submit(transaction, make_cause(), "summer", ApprovalPolicy())
    ben = site.enter("ben", "approver")
    ben.goto("/")
    ben.get_by_role("link", name="Approvals").click()

    expect(ben.get_by_text("What changed since version 1")).to_be_visible()
    expect(ben.get_by_role("row", name="Held out 0% 20%")).to_be_visible()
    expect(ben.get_by_role("row", name="Offers HIGH 10% off on site")).to_be_visible()
    expect(ben.locator(".forecast .figures")).to_contain_text("Coupons may cost at most£0.00")
    expect(ben.get_by_text("What it costs, beside the budget")).to_be_hidden()
    assert faults(ben, "approvals") == []
    ben.set_viewport_size({"width": 380, "height": 800})
    assert faults(ben) == []
    ben.get_by_label("Comment").fill("a fair holdout")
    ben.get_by_role("button", name="Approve").click()

    expect(ben.get_by_text("Nothing waits for you")).to_be_visible()
    assert audit_lines(site.database)[-1] == ("campaigns.approve", "campaigns/summer", "OK")


def test_everything_is_stopped_with_a_reason_that_stands_on_each_page(shop: Site) -> None:
    anna = shop.enter("anna", color_scheme="dark", viewport={"width": 400, "height": 800})
    anna.goto("/switches")
    assert faults(anna) == []
    anna.get_by_role("link", name="Stop everything").click()
    expect(anna.get_by_text("Within a second no coupon is issued")).to_be_visible()
    expect(anna.get_by_role("main").get_by_role("link", name="Spring")).to_be_visible()
    assert faults(anna, "switch-narrow-dark") == []
    anna.get_by_label("Why?").fill("coupons are on a forum")
    anna.get_by_role("button", name="Stop everything").click()

    expect(anna.get_by_role("link", name="Let it go on")).to_have_count(0)
    anna.goto("/customers")
    expect(anna.get_by_role("status")).to_contain_text("coupons are on a forum")
    assert faults(anna) == []
    refused = anna.request.post("/switches/allow", form={"scope": "-", "reason": "x", "form_token": _token(anna)})
    assert refused.status == 403
    ben = shop.enter("ben", "approver")
    ben.goto("/")
    expect(ben.get_by_text("Everything is stopped by the kill switch")).to_be_visible()
    ben.goto("/switches/allow?scope=-")
    ben.get_by_label("Why?").fill("a false alarm")
    ben.get_by_role("button", name="Let it go on").click()

    expect(ben.get_by_text("Nothing is stopped.")).to_be_visible()
    assert [line for line in audit_lines(shop.database) if line[0].startswith("switches")] == [
        ("switches.stop", "campaigns/-", "OK"), ("switches.allow", "campaigns/-", "DENIED"),
        ("switches.allow", "campaigns/-", "OK"),
    ]  # fmt: skip


def test_campaigns_are_found_and_stand_in_a_calendar(shop: Site) -> None:
    now = datetime.now(UTC)
    _draft(shop, "mondays", "Mondays", recurrence=Recurrence(cron="0 9 * * MON", days=2), zone="Europe/London")
    approve_campaign(shop.database, "mondays", now=now)
    with shop.database.writing() as transaction:
        scheduling.schedule(transaction, make_cause(now), "mondays")
    for number in range(30):
        _draft(shop, f"draft-{number:02}", f"Draft {number:02}", start_time=now + timedelta(days=500))
    elsewhere = "Pacific/Kiritimati" if now.hour >= 10 else "Pacific/Pago_Pago"  # where it is another day than in UTC
    anna = shop.enter("anna", timezone_id=elsewhere)
    anna.goto("/campaigns?order=name")
    expect(anna.get_by_role("row")).to_have_count(26)
    anna.get_by_role("link", name="Next page").click()
    expect(anna.get_by_role("row")).to_have_count(8)
    anna.get_by_label("Name or id").fill("SPRI")
    expect(anna.get_by_role("row")).to_have_count(2)
    spring = anna.get_by_role("row", name="Spring")
    expect(spring).to_contain_text("£320.80 of £600.00")
    expect(spring.get_by_role("cell", name="anna")).to_be_visible()
    expect(spring.get_by_role("link", name="Read the results")).to_be_visible()
    expect(anna.locator("#found-words")).to_have_text("Campaigns: 1")
    anna.get_by_label("Owner").fill("bert")
    expect(anna.get_by_text("No campaign fits.")).to_be_visible()
    anna.get_by_label("Owner").fill("anna")
    expect(anna.get_by_role("row")).to_have_count(2)
    anna.get_by_label("Owner").fill("")
    anna.get_by_label("Name or id").fill("")
    anna.get_by_label("State").select_option("SCHEDULED")
    expect(anna.get_by_role("row", name="Mondays")).to_contain_text("launched by the clock")
    expect(anna.get_by_role("row")).to_have_count(2)
    assert faults(anna) == []
    anna.get_by_label("State").select_option("")
    expect(anna.get_by_role("row")).to_have_count(26)
    picture(anna, "campaigns")
    anna.go_back()
    expect(anna.get_by_label("State")).to_have_value("SCHEDULED")
    expect(anna.get_by_role("row")).to_have_count(2)

    anna.get_by_role("link", name="Calendar").click()
    expect(anna.locator("[aria-current=date]")).to_have_text(str(now.astimezone(ZoneInfo(elsewhere)).day))
    anna.get_by_role("link", name="Month after").press("Enter")
    expect(anna.get_by_role("link", name="Mondays will be launched by the clock")).not_to_have_count(0)
    assert faults(anna) + anna.locator("#after:not(:focus)").all_inner_texts() == []
    anna.goto(f"/calendar?month={LAUNCHED:%Y-%m}")
    expect(anna.get_by_role("link", name="Spring begins")).to_have_count(1)
    picture(anna, "calendar")
    anna.set_viewport_size({"width": 400, "height": 800})
    assert faults(anna) == []
    anna.goto("/campaigns?words=spri")
    expect(anna.get_by_role("row", name="Spring").get_by_role("link", name="Read the results")).to_be_in_viewport(
        ratio=1
    )
    assert anna.evaluate("document.querySelector('.wide').scrollWidth <= document.querySelector('.wide').clientWidth")
    assert faults(anna, "campaigns-narrow") == []


def stays_sent(page: Page, row: Locator) -> None:
    """A form whose answer is on its way, while the page renews itself around it."""
    row.wait_for()
    page.wait_for_load_state()
    row.locator("form").dispatch_event("submit")
    for _ in range(2):  # with the second request the first answer is in its place
        page.wait_for_event("request")
    expect(row.locator("form[data-sent]")).to_have_count(1)
    page.evaluate("dispatchEvent(new Event('pageshow'))")


ATTEMPTS_LOST = Fault(code=Code.ATTEMPTS_LOST, facts={"lost": 20, "seconds": 300})


def test_work_that_failed_is_begun_again_and_stopped(site: Site) -> None:
    with site.database.writing() as transaction:
        failed = verification.begin(transaction, make_cause(NOW - timedelta(hours=1)))
        operations.fail(transaction, failed.operation_id, "the disk is full", make_cause().now)
        killed = reconciliation.begin(transaction, make_cause(NOW - timedelta(minutes=30)))
        jobs.fail(transaction, make_cause(), killed.operation_id, ATTEMPTS_LOST)
        for _ in range(30):
            done = reconciliation.begin(transaction, make_cause())
            operations.cancel(transaction, done.operation_id, make_cause().now)
        duties.expect(transaction, [Duty.END_CAMPAIGNS, Duty.REFRESH_REPORTS], datetime.now(UTC))
        duties.failed(transaction, Duty.REFRESH_REPORTS, UNFORESEEN)
    anna = site.enter("anna")
    anna.goto("/")
    told = anna.get_by_role("listitem").filter(has_text="Refresh reports: last done")
    told.get_by_role("link", name="Look at the job").click()
    undone = anna.get_by_role("list", name="What the clock does not get done").get_by_role("listitem")
    expect(undone).to_have_text(re.compile(r"Refresh reports: last done .*; KeyError; the worker's log says more"))
    anna.get_by_role("link", name="Older").click()
    row = anna.get_by_role("row", name="Verify the audit log failed the disk is full")
    row.get_by_role("button", name="Try again").click()

    again = anna.get_by_role("row", name="Verify the audit log running")
    stays_sent(anna, again)
    again.get_by_role("button", name="Cancel").click()
    expect(again).to_contain_text("being cancelled")
    late: list[Route] = []
    anna.route("**/jobs?kind=&state=", lambda route: late.append(route))  # noqa: PLW0108
    with anna.expect_request("**/jobs?kind=&state="):
        pass
    with anna.expect_event("requestfailed"):  # the look at all jobs, which would come over those that failed
        anna.get_by_label("State").select_option("failed")
    expect(anna.get_by_role("row")).to_have_count(3)
    anna.unroute_all()
    anna.get_by_label("Work").select_option("Verify the audit log")
    expect(anna.get_by_role("row")).to_have_count(2)
    anna.get_by_label("Work").select_option("Train a candidate")
    expect(anna.get_by_text("No job fits.")).to_be_visible()
    anna.get_by_role("link", name="All jobs").click()
    anna.set_viewport_size({"width": 400, "height": 800})
    assert faults(anna, "jobs") == []
    in_chinese(anna)
    expect(anna.get_by_role("row", name="校验审计日志")).to_contain_text("正在取消")
    expect(anna.get_by_text("刷新报表：上次完成于")).to_contain_text("KeyError，详见工作进程日志，编号 t7")
    anna.get_by_role("link", name="更早").click()
    expect(anna.get_by_role("row", name="校验审计日志 失败")).to_contain_text("失败原因： the disk is full")
    expect(anna.get_by_role("row", name="核对账本与计数 失败")).to_contain_text("最近 20 次尝试均未完成")
    with site.database.writing() as transaction:
        for duty in (Duty.END_CAMPAIGNS, Duty.REFRESH_REPORTS):
            duties.well(transaction, duty, datetime.now(UTC) - timedelta(hours=1))
    ada = site.enter("ada", "analyst")
    for address in ("/", "/jobs"):
        ada.goto(address)
        expect(ada.get_by_text("Are beat and a worker running?")).to_be_visible()
    expect(ada.get_by_role("button", name="Cancel")).to_have_count(0)


def _draft(site: Site, campaign_id: str, display_name: str, **changes: object) -> str:
    now = datetime.now(UTC)
    window = {"start_time": now + timedelta(days=1), "end_time": now + timedelta(days=600)}
    return create_campaign(site.database, campaign_id, display_name=display_name, **(window | changes)).campaign_id


def _token(page: Page) -> str:
    return str(page.locator("input[name=form_token]").first.get_attribute("value"))


@pytest.mark.timeout(600)
def test_each_tab_tells_its_part(shop: Site) -> None:
    anna = shop.enter("anna")
    anna.goto("/campaigns/spring")
    expect(anna.get_by_role("img", name="Redemptions by hour")).to_be_visible()
    picture(anna, "campaign-overview")
    told = {
        "Audience": "From those who fit to those who used a coupon", "Offers and rules": "10% off",
        "Coupons": "c000", "Budget": "orders under way", "What was done": "campaigns.activate", "Versions": "Version 1",
    }  # fmt: skip
    for name, words in told.items():
        anna.get_by_role("navigation", name="Parts").get_by_role("link", name=name).click()
        expect(anna.get_by_text(words).or_(anna.get_by_role("link", name=words)).first).to_be_visible()
        picture(anna, f"campaign-{name.split()[0].lower()}")
        assert faults(anna) == [], name

    anna.goto("/campaigns/spring/coupons")
    anna.get_by_role("link", name="Next page").click()
    expect(anna.get_by_role("rowheader", name="c050")).to_be_visible()
    with shop.database.reading() as snapshot:
        codes = snapshot.scalars(text("SELECT code FROM coupons")).all()
    assert not any(code in anna.content() for code in codes)
    anna.get_by_role("button", name="Show codes").click()
    expect(anna.get_by_role("rowheader", name="c050")).to_be_visible()
    assert any(code in anna.content() for code in codes)
    anna.get_by_role("button", name="Next page").click()
    expect(anna.get_by_role("rowheader", name="c100")).to_be_visible()
    assert any(code in anna.content() for code in codes)
    with shop.database.reading() as snapshot:
        seen = text("SELECT actor, after FROM audit_log WHERE action = 'coupons.export'")
        assert [row.actor for row in snapshot.execute(seen)] == ["marketer:anna"] * 2
    in_chinese(anna)
    assert anna.url == f"{shop.address}/campaigns/spring/coupons"
    assert not any(code in anna.content() for code in codes)
    ben = shop.enter("ben", "approver", color_scheme="dark", viewport={"width": 400, "height": 800})
    ben.goto("/campaigns/spring/coupons")
    expect(ben.get_by_text("••••").first).to_be_visible()
    expect(ben.get_by_role("button", name="Show codes").or_(ben.get_by_role("button", name="file"))).to_have_count(0)
    shown = ben.content()
    assert not any(code in shown for code in codes)
    picture(ben, "coupons-narrow-dark")
    ada = shop.enter("ada", "analyst")
    answer = ada.goto("/campaigns/spring/coupons")
    assert answer is not None
    assert answer.status == 403
    ada.goto("/campaigns/spring/budget")
    in_chinese(ada)
    expect(ada.get_by_role("img", name="支出与计划对比")).to_be_visible()
    picture(ada, "budget-zh")
    ada.goto("/")
    expect(ada.get_by_role("article")).to_contain_text("Spring")
    assert faults(ada, "home-zh") == []


def test_codes_are_taken_out_as_a_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "PAGE_ROWS", 2)
    store_scores(site.database, dict.fromkeys(("c1", "c2", "电"), 9000))
    launch_campaign(site.database, make_plan())
    anna = site.enter("anna")
    anna.goto("/campaigns/spring/coupons")

    with anna.expect_download() as taken:
        anna.get_by_role("button", name="All codes as a file").click()

    assert taken.value.suggested_filename == "spring-coupons.csv"
    with taken.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["customer_id"]: normalise(row["code"]) for row in rows} == codes_of(site.database)
    assert [(row["tier"], row["channel"], row["state"]) for row in rows] == [("HIGH", "ON_SITE", "ISSUED")] * 3
    assert audit_lines(site.database)[-1] == ("coupons.export", "campaigns/spring", "OK")
