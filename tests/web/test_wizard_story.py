"""From nothing to a campaign that runs, and is paused: every step of the wizard, by two people."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from made.campaigns import audit_lines, create_campaign, finish_launch, make_cause, make_plan, plan_of, read_operation
from playwright.sync_api import Page, expect
from running.browser import Site, faults, in_chinese, picture

from campaigns.life import campaigns, drafts
from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.limits import Budget
from campaigns.terms.recurrence import Recurrence
from campaigns.terms.restraint import OfferCap
from campaigns.terms.templates import Template, rule_of
from campaigns.tiers.tiers import Tier
from database.work import operations
from rules.rule import Compare, Every, Operator


def go_on(page: Page, heading: str) -> None:
    page.get_by_role("button", name="Save and go on").last.click()
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()


def begin(anna: Page) -> None:
    anna.goto("/campaigns/-/new")
    anna.get_by_label("What is it called?").fill("Winter")
    anna.get_by_role("button", name="Make a draft").click()
    anna.get_by_role("button", name="Add a condition").last.click()
    expect(anna.get_by_label("What is asked")).to_have_count(3)
    anna.get_by_label("What is asked").last.select_option("purchase_90")
    expect(anna.locator(".unit")).to_have_text("%")
    anna.get_by_label("With what").last.fill("20")
    expect(anna.locator("#meaning")).to_contain_text("60 customers")
    anna.get_by_role("navigation", name="Steps").get_by_role("button", name="Offers").click()
    expect(anna.get_by_role("heading", level=1, name="Offers")).to_be_visible()


def offer(anna: Page) -> None:
    high = anna.get_by_role("group", name="HIGH")
    expect(high.get_by_label("How much")).to_have_value("20")
    high.get_by_label("How much").fill("250")
    high.get_by_label("At most (GBP)").fill("30.00")
    low = anna.get_by_role("group", name="LOW")
    expect(high.get_by_text("How much (%)")).to_be_visible()
    low.get_by_label("Gets").select_option("fixed")
    expect(low.get_by_text("How much (GBP)")).to_be_visible()
    expect(low.get_by_text("How much (%)")).to_be_hidden()
    expect(low.get_by_label("At most (GBP)")).to_be_hidden()
    low.get_by_label("Gets").select_option("")
    expect(low.get_by_label("How much")).to_be_hidden()
    anna.get_by_role("button", name="Save and go on").last.click()
    expect(high.get_by_text("250 is no percentage between 1 and 100")).to_be_visible()
    expect(high.get_by_label("At most (GBP)")).to_have_value("30.00")
    expect(anna).to_have_title("Not saved. Offers · Winter · Tierwise")
    anna.get_by_role("alert").get_by_role("link", name="250 is no percentage").click()
    expect(high.get_by_label("How much")).to_be_focused()
    assert faults(anna, "wizard-offers") == []
    high.get_by_label("How much").fill("25")
    anna.get_by_text("Try variants against each other").click()
    for number, name in enumerate(("plain", "bold"), start=1):
        anna.get_by_role("group", name=f"Variant {number}").get_by_label("Name").fill(name)
    anna.get_by_role("group", name="Variant 2").get_by_label("HIGH (%)").fill("35")
    picture(anna, "wizard-offers-variants")
    go_on(anna, "When")


def schedule(anna: Page) -> None:
    expect(anna.get_by_label("For how many days")).to_be_hidden()
    anna.get_by_label("Time zone").fill("Europe/Berlin")
    anna.get_by_label("Start", exact=True).fill("2026-11-21T08:00")
    anna.get_by_label("End", exact=True).fill("2036-12-24T18:00")
    assert faults(anna, "wizard-schedule") == []
    go_on(anna, "Budget and proof")


def limit(anna: Page) -> None:
    power = anna.locator("#power")
    expect(power).to_contain_text("30 customers")
    anna.get_by_label("Holdout (%)").fill("0")
    expect(power).to_contain_text("Without a holdout nobody will know")
    anna.get_by_label("Holdout (%)").fill("25")
    expect(power.get_by_role("row", name="25%")).to_be_visible()
    anna.get_by_label("Budget (GBP)").fill("900.00")
    expect(anna.get_by_label("Offers at most")).to_be_hidden()
    anna.get_by_text("Whom it leaves alone").click()
    anna.get_by_label("Offers at most").fill("2")
    anna.get_by_label("within days").fill("30")
    assert faults(anna) == []
    anna.get_by_role("button", name="Save", exact=True).click()
    expect(anna.get_by_label("Offers at most").first).to_have_value("2")
    expect(anna.get_by_label("Offers at most").first).to_be_visible()
    expect(anna.get_by_label("Priority")).to_be_hidden()
    go_on(anna, "Review")


def submit(anna: Page) -> None:
    preview = anna.locator(".forecast")
    expect(preview).to_contain_text("Additional revenue")
    expect(preview).to_contain_text(
        "No past campaign has taught yet whom an offer changes: this is response, not effect."
    )
    expect(preview.get_by_role("row", name="tier without an offer")).to_contain_text("30")
    expect(preview.get_by_role("row", name="never scored")).to_have_count(0)
    assert faults(anna, "wizard-review") == []
    anna.get_by_role("button", name="Submit for approval").click()
    expect(anna.get_by_role("heading", level=1)).to_contain_text("submitted")


def press(page: Page, verb: str, state: str) -> None:
    page.goto(f"/campaigns/winter/{verb.lower()}")
    page.get_by_role("button", name=verb).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(state)


def test_a_campaign_from_nothing_to_a_pause(busy_site: Site) -> None:
    anna, ben = busy_site.enter("anna"), busy_site.enter("ben", "approver")

    for step in (begin, offer, schedule, limit, submit):
        step(anna)

    reach = (Channel.PUSH, Channel.ON_SITE)
    most, tenth = Discount(reward=Percent(percent=25, maximum_minor=3000)), Discount(reward=Percent(percent=10))
    plan = plan_of(busy_site.database, "winter")
    likely, usual = Compare("purchase_90", Operator.AT_LEAST, 0.2), rule_of(Template.VALUE_TIERS)
    assert isinstance(usual, Every)
    assert plan.rule == Every((*usual.rules, likely))
    assert plan.offers == (
        Offer(tier=Tier.HIGH, discount=most, channel=Channel.EMAIL, fallbacks=reach),
        Offer(tier=Tier.MID, discount=tenth, channel=Channel.EMAIL, fallbacks=reach),
    )
    bolder = TierDiscount(Tier.HIGH, Discount(reward=Percent(percent=35, maximum_minor=3000)))
    assert plan.arms == (ArmPlan(name="plain"), ArmPlan(name="bold", discounts=(bolder,)))
    assert (plan.zone, plan.start_time) == ("Europe/Berlin", datetime(2026, 11, 21, 7, tzinfo=UTC))
    assert (plan.budget, plan.holdout_percent) == (Budget(limit_minor=90000), 25)
    assert plan.offer_caps == (OfferCap(offers=2, days=30),)
    assert ("campaigns.preview", "campaigns/winter", "DRY_RUN") in audit_lines(busy_site.database)
    press(ben, "Approve", "approved")
    press(anna, "Launch", "launching")
    with busy_site.database.reading() as snapshot:
        (running,) = operations.page(snapshot, limit=1, kind=operations.LAUNCH_CAMPAIGN)
    anna.goto("/jobs")
    finish_launch(busy_site.database, read_operation(busy_site.database, running.operation_id))
    expect(anna.get_by_role("row", name="winter")).to_contain_text("succeeded")
    press(anna, "Pause", "paused")
    answer = anna.goto("/campaigns/winter/edit/offers")
    assert answer is not None
    assert answer.status == 422


def test_a_draft_is_resumed_in_chinese_on_a_narrow_dark_screen(busy_site: Site) -> None:
    create_campaign(busy_site.database, recurrence=Recurrence(cron="0 9 * * MON,THU", days=1))
    anna = busy_site.enter("anna", color_scheme="dark", viewport={"width": 400, "height": 800})
    anna.goto("/")
    in_chinese(anna)

    for step in ("goal", "audience", "offers", "schedule", "limits", "review"):
        anna.goto(f"/campaigns/spring/edit/{step}")
        expect(anna.locator("[aria-current=step]")).to_be_visible()
        if step in ("limits", "review", "audience"):
            expect(anna.locator("#power, .forecast, #meaning").locator("table").first).to_be_visible()
        assert faults(anna, f"wizard-{step}-zh-dark") == []
    anna.set_viewport_size({"width": 320, "height": 800})
    for address in ("/", "/campaigns", "/campaigns/spring/edit/audience", "/campaigns/spring/edit/limits", "/audit"):
        anna.goto(address)
        expect(anna.get_by_role("link", name="审批")).to_be_hidden()
        assert faults(anna) == []
    anna.get_by_role("button", name="菜单").click()
    assert faults(anna, "menu-narrow-dark") == []
    anna.get_by_role("link", name="审批").click()
    expect(anna.get_by_role("heading", level=1)).to_be_visible()
    anna.goto("/campaigns/spring/edit/schedule")
    expect(anna.get_by_label("星期四")).to_be_checked()
    anna.get_by_label("星期四").uncheck()
    anna.get_by_role("button", name="保存", exact=True).click()
    expect(anna.get_by_label("星期四")).not_to_be_checked()
    assert plan_of(busy_site.database, "spring").recurrence == Recurrence(cron="0 9 * * MON", days=1)
    anna.get_by_label("举行方式").select_option("monthly")
    anna.get_by_label("每月几号").select_option("最后一天")
    expect(anna.get_by_text("没有 29、30 或 31 日的月份会被跳过")).to_be_visible()
    anna.get_by_role("button", name="保存", exact=True).click()
    assert plan_of(busy_site.database, "spring").recurrence == Recurrence(cron="0 9 L * *", days=1)


def test_a_plan_that_cannot_be_launched_is_not_submitted(busy_site: Site) -> None:
    create_campaign(busy_site.database, offers=())
    anna = busy_site.enter("anna")
    anna.goto("/campaigns/spring/edit/review")

    expect(anna.get_by_role("alert")).to_contain_text("a launch needs an offer")
    anna.get_by_role("button", name="Submit for approval").click()
    expect(anna.get_by_role("alert")).to_contain_text("a launch needs an offer")

    with busy_site.database.writing() as transaction:
        drafts.update(transaction, make_cause(), "spring", lambda plan: replace(plan, offers=make_plan().offers))
    anna.get_by_role("button", name="Submit for approval").click()
    expect(anna.get_by_role("alert")).to_contain_text("Somebody changed this campaign")
    with busy_site.database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").state == "DRAFT"


def test_whom_the_budget_leaves_out_is_in_none_of_the_figures(busy_site: Site) -> None:
    now = datetime.now(UTC)
    create_campaign(
        busy_site.database, budget=Budget(limit_minor=1500), start_time=now, end_time=now + timedelta(days=31)
    )
    anna = busy_site.enter("anna")
    anna.goto("/campaigns/spring/edit/review")

    preview = anna.locator(".forecast")
    expect(preview).to_contain_text("of the 10 customers get nothing")
    told = re.search(r"About (\d+) of the 10 customers", preview.inner_text())
    assert told is not None
    left_out = int(told[1])
    assert 0 < left_out < 10
    expect(preview.locator(".figures div", has_text="Customers")).to_contain_text(f"Customers{10 - left_out}")
    expect(preview).to_contain_text(re.compile(r"with a certainty of 95%.*For all of them it takes about £139\.48"))
    for name in ("Expected to cost", "Reckoned against the budget"):
        expect(preview.get_by_role("row", name=name)).to_contain_text("£")
    expect(preview.get_by_role("row", name="At most, without a budget")).to_contain_text("without bound")
    row = preview.get_by_role("row", name="the budget does not reach so far")
    expect(row.get_by_role("cell").nth(1)).to_have_text(f"{10 - left_out}")
    assert faults(anna, "wizard-review-over-budget") == []
    anna.goto("/campaigns/spring/edit/limits")
    costs = anna.locator("#costs")
    expect(costs).to_contain_text(f"About {left_out} of the 10 customers get nothing")
    picture(anna, "wizard-limits")
    anna.get_by_label("Budget (GBP)").fill("1000")
    anna.get_by_label("Holdout (%)").fill("0")
    expect(costs).not_to_contain_text("get nothing")
    expect(costs.get_by_role("row", name="Budget the till")).to_contain_text("£1,000.00")
    anna.get_by_label("Budget (GBP)").fill("much")
    anna.get_by_label("Holdout (%)").focus()
    expect(costs).to_contain_text("as soon as every field is complete")
    assert faults(anna) == []


def test_revenue_that_is_not_foretold_has_no_figure(busy_site: Site) -> None:
    create_campaign(busy_site.database, currency="JPY")
    anna = busy_site.enter("anna")

    anna.goto("/campaigns/spring/edit/review")

    revenue = anna.locator(".forecast .figures div", has_text="Additional revenue")
    expect(revenue).to_have_text("Additional revenue–customers are scored in another currency")


def test_another_campaign_begins_with_what_the_first_has(busy_site: Site) -> None:
    rule = Compare("purchase_90", Operator.AT_LEAST, 0.2)
    create_campaign(
        busy_site.database, rule=rule, budget=Budget(limit_minor=5000), holdout_percent=20, currency="KWD",
        arms=(ArmPlan(name="plain"), ArmPlan(name="bold")), offer_caps=(OfferCap(offers=2, days=30),),
    )  # fmt: skip
    first = plan_of(busy_site.database, "spring")
    anna = busy_site.enter("anna")
    anna.goto("/campaigns/spring")
    anna.get_by_role("link", name="Make another").click()
    expect(anna.get_by_label("The same as Spring")).to_be_checked()
    assert faults(anna) == []
    anna.get_by_label("Start from nothing").check()
    anna.get_by_role("button", name="Make a draft").click()
    expect(anna.get_by_text("Fill this in.").last).to_be_visible()
    expect(anna.get_by_label("Start from nothing")).to_be_checked()

    anna.get_by_label("The same as Spring").check()
    anna.get_by_label("What is it called?").fill("Summer")
    anna.get_by_role("button", name="Make a draft").click()
    expect(anna.get_by_role("heading", level=1, name="Audience")).to_be_visible()

    made = plan_of(busy_site.database, "summer")
    assert made.end_time - made.start_time == first.end_time - first.start_time
    assert made.start_time > datetime.now(UTC)
    assert replace(made, display_name="Spring", start_time=first.start_time, end_time=first.end_time) == first
