"""What people look up: a customer, the tiers, the models, the audit log."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from made.campaigns import (
    NOW,
    TEN_PERCENT,
    add_customers,
    add_model,
    audit_lines,
    codes_of,
    launch_campaign,
    look,
    make_cause,
    make_plan,
    prove,
    register_model,
    rescore,
    shadow,
    store_scores,
)
from made.lessons import teach
from networks.tiny_model import write_tiny_model
from playwright.sync_api import expect
from running.browser import Site, faults, picture

from campaigns.coupons import redemption, refunding
from campaigns.models import registry
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers import schemes, shadowing
from campaigns.tiers.tiers import Hysteresis, Levels, Measure, Method, Tier
from database.events.store import insert_events
from database.forecast import expected_uplifts
from database.models.tables import ModelReadingRow
from database.work import operations
from events.event import Event, EventType
from rules.rule import Compare, Operator


@pytest.fixture
def shop(site: Site, tmp_path: Path) -> Site:
    """Three customers with tiers, 45 views of one of them, and a scheme by which one would move."""
    add_model(site.database, "m1", str(write_tiny_model(tmp_path, "m1")))
    add_customers(site.database, ["c1", "c2", "c3"], consented=["EMAIL"])
    store_scores(site.database, {"c1": 9000, "c2": 2000, "c3": 10})
    with site.database.writing() as transaction:
        insert_events(
            transaction,
            [
                Event(event_id=f"e{n:02}", customer_id="c1", time=NOW - timedelta(days=n), event_type=EventType.VIEW,
                      item_id=f"i{n}", text="<script>document.title='stolen'</script>" if n == 0 else None)
                for n in range(45)
            ],
        )  # fmt: skip
        schemes.create(
            transaction, make_cause(), measure=Measure.EXPECTED_VALUE, method=Method.ABSOLUTE,
            parameters=Levels(high=1500, mid=1000), hysteresis=Hysteresis(margin=0, grace_days=0),
        )  # fmt: skip
    return site


def work_off(site: Site) -> None:
    """The preview of tiers that a page began."""
    with site.database.reading() as snapshot:
        begun = operations.running(snapshot, operations.PREVIEW_TIERS)
    assert begun is not None
    look(site.database, begun)


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
    page.get_by_role("button", name="Older").click()
    expect(page.get_by_role("cell", name="i44", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Older")).to_have_count(0)


def test_times_are_the_readers_unless_a_zone_is_named(shop: Site) -> None:
    page = shop.enter("anna", timezone_id="Asia/Shanghai")
    page.goto("/campaigns/new")
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
    basket = Basket(order_id="r1", order_minor=8000, currency="GBP", customer_id="c1")
    with shop.database.writing() as transaction:
        used = redemption.redeem(transaction, make_cause(now), codes["c1"], basket)
    with shop.database.writing() as transaction:
        refunding.refund(transaction, make_cause(now), used.redemption_id, refund_id="back", amount_minor=300)
    page.reload()
    expect(coupon).to_contain_text("It is refused. The coupon was used already.")
    expect(coupon.get_by_role("row", name="r1")).to_contain_text("£80.00£8.00£3.00")
    assert faults(page) == []
    picture(page, "coupon")
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
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_text("优惠带来的提升+3.4个百分点的购买概率")).to_be_visible()


def test_the_card_says_why_a_score_is_what_it_is_and_why_campaigns_give_what_they_give(shop: Site) -> None:
    launch_campaign(shop.database, make_plan(display_name="Spring"), "spring")
    richer = Compare("expected_spend", Operator.AT_LEAST, 9_999_99)
    launch_campaign(shop.database, make_plan(display_name="For the richest", rule=richer), "richest")
    page = shop.enter("anna", viewport={"width": 1100, "height": 900})
    page.goto("/customers/c1")

    expect(page.get_by_role("row", name="Somebody of whom nothing is known")).to_be_visible()
    expect(page.get_by_role("row", name="44 product views so far")).to_be_visible()
    expect(page.get_by_role("row", name="Spring")).to_contain_text("10 % off")
    (code,) = (code for who, code in codes_of(shop.database).items() if who == "c1")
    expect(page.get_by_role("row", name="Spring")).to_contain_text(f"••••{code[-3:]}")
    assert code not in page.content()
    expect(page.get_by_role("row", name="For the richest")).to_contain_text(
        "is not expected to spend at least 9999.99 GBP within 90 days: it is 90.00 GBP"
    )
    assert faults(page) == []
    picture(page, "customer")
    page.get_by_role("link", name="Coupons and messages").click()
    expect(page.locator("#timeline ~ .wide tbody")).to_contain_text("There are none.")
    page.get_by_role("link", name="Why Spring").click()
    expect(page.get_by_text("the same decision comes out again")).to_be_visible()
    expect(page.get_by_text("tier HIGH: the expected spend is 90.00 GBP")).to_be_visible()
    assert faults(page) == []
    picture(page, "decision")

    page.get_by_role("button", name="中文").click()
    expect(page.get_by_text("层级 HIGH：预期消费为 90.00 GBP")).to_be_visible()
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.goto("/customers/c1")
    expect(page.get_by_role("row", name="累计浏览次数：44")).to_be_visible()
    assert faults(page) == []
    picture(page, "customer-zh-dark-narrow")


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
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_text("再下 1 单，每单")).to_be_visible()


def test_a_network_that_is_not_on_this_machine_cannot_say_why(site: Site) -> None:
    store_scores(site.database, {"c1": 9000})
    page = site.enter("anna")

    page.goto("/customers/c1")

    expect(page.get_by_text("The network of model m1 cannot be read on this machine")).to_be_visible()


def test_an_analyst_sees_no_customer(shop: Site) -> None:
    page = shop.enter("ada", "analyst")

    answer = page.goto("/customers/c1")

    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("alert")).to_contain_text("may not do this")
    expect(page.get_by_text("£90.00")).to_have_count(0)


def test_a_scheme_is_looked_at_before_it_is_put_in_force(shop: Site) -> None:
    page = shop.enter("anna")
    page.goto("/tiers/2")
    expect(page.get_by_text("Every customer is being looked at")).to_be_visible()
    work_off(shop)

    expect(page.get_by_role("row", name="MID 1 33.3% – –")).to_be_visible()
    expect(page.get_by_text("by the scores as of 20 Nov 2026")).to_be_visible()
    expect(page.get_by_text("c2")).to_be_visible()
    assert faults(page) == []
    picture(page, "tier-preview")
    page.get_by_label("Reason, for the audit log").fill("more for the middle")
    page.get_by_role("button", name="Put in force").click()

    expect(page).to_have_url(f"{shop.address}/tiers")
    expect(page.get_by_role("row", name="2 in force")).to_be_visible()
    assert ("tiers.activate", "tierSchemes/2", "OK") in audit_lines(shop.database)
    picture(page, "tier-schemes")


def test_a_stale_tab_changes_nothing(shop: Site) -> None:
    page = shop.enter("anna")
    page.goto("/tiers/2")
    with shop.database.writing() as transaction:
        schemes.activate(transaction, make_cause(), 2)
        schemes.activate(transaction, make_cause(), 1)

    page.get_by_role("button", name="Put in force").click()

    expect(page.get_by_role("alert")).to_contain_text("changed since it was read")
    with shop.database.reading() as snapshot:
        assert schemes.in_force(snapshot).version == 1
    assert audit_lines(shop.database)[-1][2] == "DENIED"


def test_tiers_are_seen_as_they_stand_and_as_they_were(shop: Site) -> None:
    rescore(shop.database, {"c1": 9000, "c2": 9000, "c3": 10}, as_of=NOW + timedelta(days=60))
    page = shop.enter("anna")
    page.goto("/tiers")

    expect(page.get_by_role("img", name="Customers by tier")).to_contain_text("2 · 67%")
    expect(page.get_by_role("img", name="Share of customers, by rescoring")).to_be_visible()
    expect(page.get_by_text("1 customers moved")).to_be_visible()
    assert faults(page) == []
    picture(page, "tiers")
    page.goto("/")
    expect(page.get_by_role("region", name="Customers by tier")).to_contain_text("HIGH267%")


def test_models_stand_side_by_side_with_what_came_of_their_scores(shop: Site) -> None:
    with shop.database.writing() as transaction:
        metrics = {
            "auc": 0.9137,
            "auc_networks": 0.9101,
            "auc_trees": 0.9,
            "tree_share": 0.35,
            "ece": 0.012,
            "mae": 5803.38,
        }
        manifest = {"metrics": metrics, "currency": "GBP"}
        registry.register(transaction, make_cause(), "m2", folder="no-m2", manifest=manifest)
        for month in (date(2026, 6, 1), date(2026, 7, 1)):
            for tenth in range(10):
                reading = ModelReadingRow(
                    month=month, model_id="m1", horizon=90, bin=tenth, customers=100, predicted=10 * tenth + 5,
                    bought=9 * tenth + month.month, squared_error=0,
                )  # fmt: skip
                transaction.add(reading)
    rescore(shop.database, {"c1": 9000, "c2": 2000, "c3": 10}, as_of=NOW + timedelta(days=1))
    page = shop.enter("anna")
    page.goto("/models")

    expect(page.get_by_role("row", name="AUC of the trees alone – 0.9")).to_be_visible()
    expect(page.get_by_role("row", name="mean error of spend – £58.03")).to_be_visible()
    expect(page.get_by_text("stable", exact=True)).to_be_visible()
    assert faults(page) == []
    picture(page, "models")
    page.get_by_role("link", name="m1").first.click()
    expect(page.get_by_role("img", name="What was said (across) and what came (up), 90 days")).to_be_visible()
    expect(page.get_by_text("3.4%")).to_be_visible()
    assert faults(page) == []
    picture(page, "model")
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_text("校准误差").first).to_be_visible()
    assert faults(page) == []
    picture(page, "model-zh-dark-narrow")


def test_what_answers_stands_first_however_many_models_were_trained_since(shop: Site) -> None:
    for night in range(21):
        register_model(shop.database, f"night-{night:02}")
    page = shop.enter("anna")
    page.goto("/models")

    expect(page.get_by_role("definition").first).to_contain_text("m1")
    rows = page.get_by_role("table", name="Models, newest first").get_by_role("rowheader")
    expect(rows).to_have_text(["m1", *(f"night-{night:02}" for night in range(20, 0, -1))])
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_text(["night-00", "m1"])
    expect(page.get_by_role("definition").first).to_contain_text("m1")


def test_a_model_is_tried_out_before_an_operator_lets_it_answer(shop: Site) -> None:
    register_model(shop.database, "m2")
    prove(shop.database, "m2")
    marketer = shop.enter("anna")
    marketer.goto("/models/m2")
    expect(marketer.get_by_role("button", name="Let it answer")).to_have_count(0)
    marketer.get_by_role("button", name="Try it out").click()
    expect(marketer.get_by_text("A worker scores everyone with it")).to_be_visible()
    with shop.database.reading() as snapshot:
        running = shadowing.running(snapshot, "m2")
    assert running is not None
    shadow(shop.database, running.operation_id, {"c1": 10, "c2": 2000, "c3": 10})

    operator = shop.enter("olga", "operator")
    operator.goto("/models/m2")
    expect(operator.get_by_text("Every customer is being looked at")).to_be_visible()
    work_off(shop)
    expect(operator.get_by_role("row", name="HIGH – – 1 33.3%")).to_be_visible()
    expect(operator.get_by_text("m1 is retired")).to_be_visible()
    assert faults(operator) == []
    picture(operator, "model-preview")
    operator.get_by_role("button", name="Let it answer").click()

    expect(operator.get_by_role("row", name="m2 answers 2")).to_be_visible()
    assert ("models.move", "models/m2", "OK") in audit_lines(shop.database)


def test_the_log_is_searched_by_what_was_done(shop: Site) -> None:
    page = shop.enter("anna", color_scheme="dark")
    page.goto("/audit")
    page.get_by_label("Action").fill("tiers.create")

    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_text("5 fields").first.click()
    expect(page.get_by_text("expected spend").first).to_be_visible()
    expect(page.get_by_text("Sealed and intact")).to_be_visible()
    assert faults(page) == []
    picture(page, "audit-dark")
