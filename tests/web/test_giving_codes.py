"""Somebody at the service desk gives one customer a code, and shows one that a customer lost."""

from pathlib import Path

from made.campaigns import NOT_OVER, audit_lines, codes_of, counts, launch_campaign, make_cause, make_plan
from playwright.sync_api import expect
from running.browser import Site, faults, in_chinese, picture
from shops.known_shop import known_shop

from campaigns.coupons import redemption
from campaigns.coupons.codes import displayed
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Fixed
from campaigns.terms.limits import Budget
from campaigns.tiers.tiers import Tier
from rules.rule import Compare, Operator

OFFERS = tuple(
    Offer(tier=tier, discount=Discount(reward=Fixed(amount_minor=500)), channel=Channel.ON_SITE) for tier in Tier
)
NOBODY = Compare("expected_spend", Operator.AT_LEAST, 9_999_99)
GOODWILL = make_plan(
    display_name="Goodwill", offers=OFFERS, rule=NOBODY, end_time=NOT_OVER, budget=Budget(limit_minor=700)
)


def test_a_code_is_given_shown_again_and_told_where_its_cost_is(site: Site, tmp_path: Path) -> None:
    shop = known_shop(site, tmp_path)
    launch_campaign(shop.database, make_plan(end_time=NOT_OVER))
    launch_campaign(shop.database, GOODWILL, "goodwill")
    page = shop.enter("anna")
    page.goto("/customers/c2")
    page.get_by_role("link", name="Give or show a code…").click()
    expect(page.get_by_role("row", name="Spring")).to_contain_text("nothing for this customer's tier")
    expect(page.get_by_label("Goodwill: £5.00 off")).to_be_checked()
    expect(page.get_by_text("£7.00 of £7.00 are not spent")).to_be_visible()
    assert faults(page, "give") == []
    page.get_by_label("Reason, for the audit log").fill("the parcel was late")
    page.get_by_role("button", name="Give or show the code").dblclick()

    expect(page.get_by_role("heading", name="The new code")).to_be_visible()
    code = codes_of(shop.database, "goodwill")["c2"]
    expect(page.get_by_text(displayed(code))).to_be_visible()
    assert code not in page.url
    assert counts(shop.database, "by_hand_coupons") == (1,)
    assert faults(page, "given") == []
    page.get_by_role("link", name="Goodwill").click()
    expect(page.get_by_role("region", name="The coupon")).to_contain_text("marketer:anna · “the parcel was late”")
    page.goto("/customers/c2")
    expect(page.get_by_role("row", name="Goodwill")).to_contain_text("By hand")

    page.goto("/customers/c3/give")
    page.get_by_label("Reason, for the audit log").fill("the item was broken")
    page.get_by_role("button", name="Give or show the code").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "may be needed for coupons that are out. what campaigns/goodwill has spent"
    )
    expect(page.get_by_label("Reason, for the audit log")).to_have_value("the item was broken")
    assert faults(page) == []
    in_chinese(page)
    expect(page.get_by_label("Goodwill")).to_be_visible()
    page.goto("/customers/c1/give")
    page.get_by_label("Spring").check()
    page.get_by_label("原因").fill("邮件被删")
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme="dark")
    picture(page, "give-zh-dark-narrow")
    page.get_by_role("button", name="发放或显示券码").click()
    expect(page.get_by_role("heading", name="客户已有此券码")).to_be_visible()
    expect(page.get_by_text(displayed(codes_of(shop.database)["c1"]))).to_be_visible()
    assert faults(page, "given-zh-dark-narrow") == []
    assert [name for action, name, _ in audit_lines(shop.database) if action == "coupons.give"] == [
        "campaigns/goodwill", "campaigns/goodwill", "campaigns/spring"
    ]  # fmt: skip

    with shop.database.writing() as transaction:
        basket = Basket(order_id="r1", order_minor=8000, currency="GBP", customer_id="c2")
        redemption.redeem(transaction, make_cause(NOT_OVER.replace(year=2098)), code, basket)
    for tab, said in {"": "1 张人工发放", "/budget": "1 个券码中已用 1 个", "/coupons": "1 张人工发放"}.items():
        page.goto(f"/campaigns/goodwill{tab}")
        expect(page.get_by_text(said)).to_be_visible()
        assert faults(page) == []

    launch_campaign(shop.database, make_plan(end_time=NOT_OVER, currency="EUR"), "paris")
    page.goto("/campaigns/paris/budget")
    expect(page.get_by_text("客户评分以 GBP 计，活动以 EUR 计")).to_be_visible()


def test_customer_care_gives_codes_and_neither_plans_nor_stops(site: Site, tmp_path: Path) -> None:
    shop = known_shop(site, tmp_path)
    launch_campaign(shop.database, make_plan(end_time=NOT_OVER))
    page = shop.enter("cara", "care")
    page.goto("/campaigns/spring")
    expect(page.get_by_text("cara customer care")).to_be_visible()
    expect(page.get_by_role("link", name="Pause")).to_have_count(0)
    expect(page.get_by_role("link", name="Make another")).to_have_count(0)
    expect(page.get_by_role("link", name="Coupons")).to_have_count(0)
    assert page.request.get("/campaigns/spring/coupons").status == 403

    page.goto("/customers/c1/give")
    page.get_by_label("Reason, for the audit log").fill("the mail was deleted")
    page.get_by_role("button", name="Give or show the code").click()
    expect(page.get_by_text(displayed(codes_of(shop.database)["c1"]))).to_be_visible()
    page.get_by_role("link", name="Spring").click()
    page.get_by_label("Reason, for the audit log").fill("it was stolen")
    page.get_by_role("button", name="Block this coupon").click()
    page.get_by_role("button", name="Let it be used again").click()
    expect(page.get_by_role("button", name="Block this coupon")).to_be_visible()
    assert faults(page) == []


def test_who_may_not_have_whole_codes_gives_none(site: Site, tmp_path: Path) -> None:
    shop = known_shop(site, tmp_path)
    page = shop.enter("ben", "approver")
    page.goto("/customers/c1")
    expect(page.get_by_role("heading", name="Offers held")).to_be_visible()
    expect(page.get_by_role("link", name="Give or show a code…")).to_have_count(0)
    answer = page.goto("/customers/c1/give")
    assert answer is not None
    assert answer.status == 403
