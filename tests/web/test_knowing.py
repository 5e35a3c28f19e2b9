"""What people look up: a customer, and the audit log."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from made.campaigns import (
    NOT_OVER,
    NOW,
    TEN_PERCENT,
    add_customers,
    codes_of,
    create_campaign,
    launch_campaign,
    make_cause,
    make_plan,
    register_model,
    store_scores,
)
from made.lessons import teach
from networks.tiny_model import ITEMS, TITLES
from playwright.sync_api import Route, expect
from running.browser import Site, faults, in_chinese
from shops.known_shop import known_shop

from campaigns.coupons import redemption, refunding
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Levels, Measure, Method, Tier
from database.audiences import facts
from database.events import availability
from database.events.items import copy_items
from database.events.store import insert_events
from database.forecast import expected_uplifts
from events.event import ITEM_SCHEMA, Event, EventType
from rules.rule import Compare, Operator


@pytest.fixture
def shop(site: Site, tmp_path: Path) -> Site:
    return known_shop(site, tmp_path)


def test_a_customer_is_found_and_their_card_says_what_is_known(shop: Site) -> None:
    page = shop.enter("anna")
    page.goto("/customers")
    expect(page.get_by_role("row", name="c1 HIGH")).to_contain_text("£90.00")
    page.get_by_label("Customer id").fill("b")
    expect(page.get_by_text("No customer's id begins with this.")).to_be_visible()
    page.get_by_label("Customer id").fill("c1")
    expect(page.get_by_role("link", name="c2")).to_have_count(0)
    page.get_by_role("link", name="c1").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("c1 HIGH")
    expect(page.get_by_text("£90.00")).to_be_visible()
    expect(page.get_by_text("Expected orders0.6within 90 days")).to_be_visible()
    expect(page.get_by_text("✓ e-mail")).to_be_visible()
    expect(page.get_by_text("<script>")).to_be_visible()
    assert page.title() == "c1 · Tierwise"
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("cell", name="i44", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Older")).to_have_count(0)


def test_without_scripts_what_comes_later_has_a_page_of_its_own(shop: Site) -> None:
    create_campaign(shop.database)
    page = shop.enter("anna", java_script_enabled=False)
    later = {"/customers/c1": "Why this score", "/audit": "The seal of the audit log", "/models/m2": "Who would move"}
    register_model(shop.database, "m2")
    for address, heading in later.items():
        page.goto(address)
        expect(page.get_by_text("being looked at").first).to_be_hidden()
        page.get_by_role("link", name="Look at it on a page of its own").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        page.get_by_role("link", name="Back to the page that it belongs to").click()
        assert page.url == shop.address + address
    page.goto("/customers/c1")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("cell", name="i44", exact=True)).to_be_visible()
    page.goto("/campaigns/spring/edit/review")
    expect(page.get_by_text("Being worked out")).to_be_hidden()
    page.get_by_role("button", name="Work it out on a page of its own").click()
    expect(page.get_by_text("Additional revenue", exact=True)).to_be_visible()
    in_chinese(page)
    assert page.url == f"{shop.address}/campaigns/spring"
    expect(page.get_by_role("heading", name="Spring")).to_be_visible()


def test_what_does_not_come_is_said_and_leads_to_a_page_of_its_own(shop: Site) -> None:
    page = shop.enter("anna")
    page.route("**/why", lambda route: route.fulfill(status=503))
    page.goto("/customers/c1")

    expect(page.get_by_role("alert")).to_contain_text("asked for and did not come")
    why = page.get_by_role("region", name="Why this score")
    expect(why.get_by_text("Being looked at…")).to_be_hidden()
    expect(why.get_by_role("link", name="Look at it on a page of its own")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("cell", name="i44", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_times_are_the_readers_unless_a_zone_is_named(shop: Site) -> None:
    page = shop.enter("anna", timezone_id="Asia/Shanghai")
    page.goto("/campaigns/-/new")
    page.get_by_label("What is it called?").fill("First")
    page.get_by_role("button", name="Make a draft").click()
    page.goto("/campaigns/first/edit/schedule")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Shanghai")
    launch_campaign(shop.database, make_plan(zone="Europe/London"))

    page.goto("/customers/c1")
    expect(page.get_by_text("as of 20 Nov 2026 20:00")).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_have_text("Times without a zone are those of Asia/Shanghai.")
    page.goto("/campaigns/spring")
    expect(page.get_by_text("19 Nov 2026 12:00 Europe/London – 20 Dec 2026 12:00 Europe/London")).to_be_visible()
    page.goto("/audit?object_name=campaigns/spring&action=campaigns.create")
    expect(page.get_by_role("row", name="20 Nov 2026 20:00")).to_be_visible()
    expect(page.get_by_role("rowheader", name="make a campaign campaigns.create")).to_be_visible()
    expect(page.get_by_role("row").get_by_role("link", name="campaigns/spring")).to_have_attribute(
        "href", "/campaigns/spring"
    )
    page.get_by_text("fields").click()
    expect(page.get_by_text("19 Nov 2026 20:00")).to_be_visible()
    assert faults(page) == []


def test_pages_of_customers_follow_each_other(shop: Site) -> None:
    add_customers(shop.database, [f"d{number:02}" for number in range(21)])
    page = shop.enter("anna")

    page.goto("/customers?q=d")
    page.get_by_role("link", name="Next page").click()

    expect(page.locator("tbody th")).to_have_text(["d20"])
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)


def test_a_code_that_a_customer_names_leads_to_what_became_of_it(shop: Site) -> None:
    now = datetime.now(UTC)
    first = Offer(
        tier=Tier.LOW, discount=Discount(reward=Percent(percent=15), first_order_only=True), channel=Channel.EMAIL
    )
    offers = (TEN_PERCENT, first)
    launch_campaign(shop.database, make_plan(offers=offers, zone="Asia/Tokyo", end_time=now + timedelta(days=1)))
    codes = codes_of(shop.database)
    with shop.database.writing() as transaction:
        bought = Event(
            event_id="b", customer_id="c3", time=NOW, event_type=EventType.PURCHASE, order_id="o", item_id="i",
            quantity=1, unit_price_minor=500, currency="GBP",
        )  # fmt: skip
        insert_events(transaction, [bought])
    page = shop.enter("anna")
    page.goto("/customers")

    page.get_by_label("Coupon code").fill("no such code")
    page.get_by_role("button", name="What became of it").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Coupon code")).to_have_value("no such code")
    assert faults(page) == []
    page.get_by_label("Coupon code").fill(codes["c1"].lower())
    page.get_by_role("button", name="What became of it").click()
    coupon = page.get_by_role("region", name="The coupon")
    expect(coupon).to_contain_text("It is taken. Of an order of £100.00 it takes off £10.00.")
    assert codes["c1"] not in page.content() + page.url
    coupon.get_by_label("Reason, for the audit log").fill("it is on a forum")
    coupon.get_by_role("button", name="Block this coupon").click()
    expect(page.get_by_role("status")).to_contain_text("no till takes it")
    expect(coupon).to_contain_text("It is refused. The coupon is blocked.")
    assert faults(page) == []
    coupon.get_by_role("button", name="Let it be used again").click()
    expect(coupon).to_contain_text("It is taken.")
    basket = Basket(order_id="r1", order_minor=8000, currency="GBP", customer_id="c1")
    with shop.database.writing() as transaction:
        used = redemption.redeem(transaction, make_cause(now), codes["c1"], basket)
    with shop.database.writing() as transaction:
        refunding.refund(transaction, make_cause(now), used.redemption_id, refund_id="back", amount_minor=300)
    page.reload()
    expect(coupon).to_contain_text("It is refused. The coupon was used already.")
    expect(coupon.get_by_role("row", name="r1")).to_contain_text("£80.00£8.00£3.00")
    assert faults(page, "coupon") == []
    page.goto("/customers/c3/campaigns/spring")
    expect(coupon).to_contain_text("It is refused.")
    expect(coupon).to_contain_text("first order")


def test_the_card_says_what_an_offer_adds_and_who_taught_it(shop: Site) -> None:
    page = shop.enter("anna")
    page.goto("/customers/c1")
    expect(page.get_by_text("An offer adds–no past campaign has taught it yet")).to_be_visible()

    teach(shop.database, "winter")
    page.goto("/customers/c1")
    expect(page.get_by_text("An offer adds–known when a worker is through")).to_be_visible()

    with shop.database.writing() as transaction:
        assert expected_uplifts.keep(transaction, "winter", ["c1"], [0.034]) == 1
    page.goto("/customers/c1")
    expect(page.get_by_text("An offer adds+3.4points of chance to buy")).to_be_visible()
    hint = page.get_by_text("What an offer adds was learned on 20 Nov 2026 12:00")
    expect(hint).to_contain_text("the mean of that campaign it was +3.0 points (+2.0 – +4.0). By its X-learner.")
    expect(hint.get_by_role("link")).to_have_attribute("href", "/campaigns/winter/experiment")
    assert faults(page) == []
    in_chinese(page)
    expect(page.get_by_text("优惠带来的提升+3.4个百分点的购买概率")).to_be_visible()


def test_the_preview_says_what_an_offer_changes_and_when_that_may_be_chance(shop: Site) -> None:
    crowd = [f"d{number:03}" for number in range(200)]
    store_scores(shop.database, dict.fromkeys(crowd, 9000))
    with shop.database.writing() as transaction:
        insert_events(transaction, [_order(who) for who in crowd[::2]])
        facts.refresh(transaction, None, as_of=NOW, currency="GBP")
    create_campaign(shop.database, "next", end_time=NOT_OVER)
    page = shop.enter("anna", viewport={"width": 1100, "height": 700})
    preview = page.locator(".forecast")
    told = (
        (0.0, "expected to change 6.0 (95%: 4.0 – 8.0): they buy because of it. The 30% whom it changes most keep 50%"),
        (-0.025, "expected to change 1.0 (95%: -1.0 – 3.0): they buy because of it. That may be chance"),
        (-0.09, "get it 12 fewer are expected to buy than without an offer (95%: 10 – 14). Learned from"),
    )
    for place, (more, said) in enumerate(told):
        teach(shop.database, f"past{place}", ended_days=place, more=more)
        page.goto("/campaigns/next/edit/review")
        expect(preview).to_contain_text(said)

    assert faults(page, "preview") == []


def _order(who: str) -> Event:
    return Event(
        event_id=who, customer_id=who, time=NOW - timedelta(days=9), event_type=EventType.PURCHASE, order_id=who,
        item_id="i", quantity=1, unit_price_minor=500, currency="GBP",
    )  # fmt: skip


def test_the_card_says_why_a_score_is_what_it_is_and_why_campaigns_give_what_they_give(shop: Site) -> None:
    launch_campaign(shop.database, make_plan(display_name="Spring", end_time=NOT_OVER), "spring")
    richer = Compare("expected_spend", Operator.AT_LEAST, 9_999_99)
    launch_campaign(shop.database, make_plan(display_name="For the richest", rule=richer, end_time=NOT_OVER), "richest")
    page = shop.enter("anna", viewport={"width": 1100, "height": 900})
    page.goto("/customers/c1")

    expect(page.get_by_role("row", name="Somebody of whom nothing is known")).to_be_visible()
    expect(page.get_by_role("row", name="44 product views since the last order")).to_be_visible()
    expect(page.get_by_role("row", name="Spring")).to_contain_text("10% off")
    (code,) = (code for who, code in codes_of(shop.database).items() if who == "c1")
    expect(page.get_by_role("row", name="Spring")).to_contain_text(f"••••{code[-3:]}")
    assert code not in page.content()
    expect(page.get_by_role("row", name="For the richest")).to_contain_text(
        "is not expected to spend at least 9999.99 GBP within 90 days: it is 90.00 GBP"
    )
    assert faults(page, "customer") == []
    page.get_by_role("link", name="Coupons and messages").click()
    expect(page.locator("#timeline ~ .wide tbody")).to_contain_text("There are none.")
    page.get_by_role("link", name="Why Spring").click()
    expect(page.get_by_text("the same decision comes out again")).to_be_visible()
    expect(page.get_by_text("tier HIGH: the expected spend is 90.00 GBP")).to_be_visible()
    assert faults(page, "decision") == []

    in_chinese(page)
    expect(page.get_by_text("HIGH 层级：预期消费为 90.00 GBP")).to_be_visible()
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.goto("/customers/c1")
    expect(page.get_by_role("row", name="最近一次下单后的浏览次数：44")).to_be_visible()
    assert faults(page, "customer-zh-dark-narrow") == []


def test_the_card_says_what_to_show_next_by_title_and_why_but_for_what_cannot_be_had(shop: Site) -> None:
    rows = [
        (item, title, None, None, None, None) for item, title in [*zip(ITEMS, TITLES, strict=True), ("i0", "Oak Stool")]
    ]
    with shop.database.writing() as transaction:
        copy_items(transaction, pl.DataFrame(rows, schema=ITEM_SCHEMA, orient="row"))
    page = shop.enter("anna")
    page.goto("/customers/c1")
    listed = page.get_by_role("region", name="What to show next").locator("tbody").get_by_role("row")

    expect(listed).to_have_count(6)
    expect(page.get_by_role("cell", name="Oak Stool i0")).to_be_visible()
    told = listed.all_inner_texts()
    named = r"(Red|Blue|Green) (Lamp|Mug|Chair|Rug) item-\d+\t"
    assert all(
        re.fullmatch(named + "(what customers with a similar history buy next|popular lately)", row) for row in told
    )
    expect(listed.filter(has_text="what customers with a similar history buy next").first).to_be_visible()
    first = told[0]
    assert faults(page) == []
    with shop.database.writing() as transaction:
        availability.say(transaction, {first.split()[2]: False})
    in_chinese(page)
    expect(page.get_by_text("购买经历相似的客户接下来会买").first).to_be_visible()
    assert first.split("\t")[0] not in page.get_by_role("region", name="接下来推荐什么").inner_text()


def test_the_card_says_what_more_would_be_enough_and_that_it_is_no_cause(shop: Site) -> None:
    with shop.database.writing() as transaction:
        scheme = schemes.create(
            transaction, make_cause(), measure=Measure.PURCHASE_90, method=Method.ABSOLUTE,
            parameters=Levels(high=0.02, mid=0.01),
        )  # fmt: skip
        schemes.activate(transaction, make_cause(), scheme.version)
    page = shop.enter("anna")
    page.goto("/customers/c3")

    expect(page.get_by_role("heading", name="What more would be enough for a higher tier")).to_be_visible()
    expect(page.get_by_text("1 more order of")).to_contain_text("HIGH")
    expect(page.get_by_text("This is how the model behaves, and no cause")).to_be_visible()
    assert faults(page) == []
    in_chinese(page)
    expect(page.get_by_text("再下 1 单，每单")).to_be_visible()


def test_a_network_that_is_not_on_this_machine_cannot_say_why(site: Site) -> None:
    store_scores(site.database, {"c1": 9000})
    page = site.enter("anna")

    page.goto("/customers/c1")

    of_both = page.get_by_text("The network of model m1 cannot be read on this machine")
    expect(of_both).to_contain_text(["it cannot say why", "it cannot say what to show"])


def test_an_analyst_sees_no_customer(shop: Site) -> None:
    page = shop.enter("ada", "analyst")

    answer = page.goto("/customers/c1")

    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("alert")).to_contain_text("may not do this")
    expect(page.get_by_text("£90.00")).to_have_count(0)


def test_an_answer_still_on_its_way_does_not_come_over_the_page_gone_back_to(shop: Site) -> None:
    page = shop.enter("anna")
    page.goto("/audit")
    page.get_by_label("Action").select_option("make a tier scheme · tiers.create")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_label("Outcome").select_option("DENIED")
    expect(page.get_by_text("No line fits.")).to_be_visible()
    held: list[Route] = []
    page.route("**/audit?*outcome=FAILED*", lambda route: held.append(route))  # noqa: PLW0108
    with page.expect_request("**/audit?*outcome=FAILED*"):
        page.get_by_label("Outcome").select_option("FAILED")

    page.go_back()
    expect(page.get_by_role("row")).to_have_count(3)
    held[0].continue_()
    page.wait_for_load_state("networkidle")

    expect(page.get_by_role("row")).to_have_count(3)
    expect(page.get_by_label("Outcome")).to_have_value("")
    assert "outcome=&" in page.url


def test_the_log_is_searched_by_what_was_done(shop: Site) -> None:
    page = shop.enter("anna", color_scheme="dark")
    page.goto("/audit")
    page.get_by_label("Action").select_option("make a tier scheme · tiers.create")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_label("Actor").fill("anna")
    page.get_by_label("Object").fill("2")
    page.get_by_label("From", exact=True).fill("2026-11-20")
    page.get_by_label("To", exact=True).fill("2026-11-20")
    page.get_by_label("To", exact=True).press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("cell", name="tierSchemes/2")).to_be_visible()
    expect(page).to_have_url(re.compile("since=2026-11-20&until=2026-11-20$"))
    page.reload()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_label("To", exact=True).fill("2026-11-19")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("No line fits.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_label("To", exact=True)).to_have_value("2026-11-20")
    page.get_by_text("5 fields").first.click()
    expect(page.get_by_text("expected spend").first).to_be_visible()
    expect(page.get_by_text("Sealed and intact")).to_be_visible()
    assert faults(page, "audit-dark") == []
