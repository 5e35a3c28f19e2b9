"""A new campaign, and whom it is for."""

from dataclasses import replace
from datetime import timedelta
from itertools import islice

import pytest
from made.campaigns import NOW, add_customers, create_campaign, make_cause, plan_of, store_scores
from playwright.sync_api import Page, expect
from running.browser import Site, faults

from campaigns.life import campaigns, drafts, naming
from campaigns.terms.naming import ids_of
from database.events.store import insert_events
from database.session import Database
from events.event import Event, EventType
from rules.rule import Compare, Every, Not, Operator


@pytest.fixture
def shop(site: Site) -> Site:
    """Five customers; c1 bought three times of late, c2 once, the others never."""
    add_customers(site.database, ["c1", "c2", "c3", "c4", "c5"], consented=["EMAIL"])
    with site.database.writing() as transaction:
        insert_events(
            transaction,
            [
                Event(event_id=f"e{number}", customer_id=customer_id, time=NOW - timedelta(days=5 + number),
                      event_type=EventType.PURCHASE, order_id=f"o{number}", item_id="i1", quantity=1,
                      unit_price_minor=3000, currency="GBP")
                for number, customer_id in enumerate(["c1", "c1", "c1", "c2"])
            ],
        )  # fmt: skip
    store_scores(site.database, {"c1": 9000, "c2": 2000, "c3": 1500, "c4": 10, "c5": 5})
    return site


def begin(anna: Page) -> None:
    anna.goto("/campaigns")
    anna.get_by_role("link", name="New campaign").click()
    assert faults(anna, "wizard-begin") == []
    anna.get_by_role("button", name="Make a draft").click()
    expect(anna.get_by_text("Fill this in.").last).to_be_visible()
    anna.get_by_label("What is it called?").fill("Autumn thanks")
    anna.get_by_label("Start from nothing").check()
    anna.get_by_role("button", name="Make a draft").click()


def test_a_rule_is_built_and_its_count_follows(shop: Site) -> None:
    anna = shop.enter("anna")
    begin(anna)

    expect(anna).to_have_url(f"{shop.address}/campaigns/autumn-thanks/edit/audience")
    meaning = anna.locator("#meaning")
    expect(meaning).to_contain_text("5 customers")
    anna.get_by_role("button", name="Add a condition").click()
    expect(meaning).to_contain_text("2 customers")
    anna.get_by_label("With what").fill("2")
    expect(meaning).to_contain_text("1 customer")
    expect(meaning).to_contain_text("bought at least 2 times in the last 90 days")
    expect(meaning.get_by_role("link", name="c1")).to_be_visible()

    anna.get_by_role("button", name="Add a condition").focus()
    anna.keyboard.press("Enter")
    second = anna.get_by_role("group", name="Condition").nth(1)
    expect(second.get_by_label("What is asked")).to_be_focused()
    second.get_by_label("What is asked").select_option("expected_uplift")
    expect(second.locator(".unit")).to_have_text("points")
    second.get_by_label("With what").fill("2")
    expect(meaning).to_contain_text("is expected to gain at least 2 points of chance to buy by an offer")
    expect(meaning).to_contain_text("No past campaign has taught yet what an offer changes")
    second.get_by_label("What is asked").select_option("tier")
    expect(second.get_by_label("With what")).to_have_value("HIGH")
    second.get_by_label("not so").check()
    expect(meaning).to_contain_text("0 customers")
    second.get_by_label("not so").uncheck()
    expect(meaning).to_contain_text("1 customer")
    expect(meaning.get_by_role("row", name="All customers 5")).to_be_visible()
    anna.get_by_role("button", name="Add a group").click()
    group = anna.get_by_role("group").filter(has=anna.get_by_role("button", name="Remove the group")).last
    expect(group.get_by_label("How the conditions go together")).to_have_value("some")
    group.get_by_role("button", name="Add a condition").click()
    expect(group.get_by_role("group", name="Condition")).to_have_count(2)
    expect(meaning).to_contain_text("and (bought at least 1 time")
    assert faults(anna, "wizard-audience") == []
    anna.get_by_role("button", name="Remove the group").click()
    expect(anna.get_by_role("button", name="Add a condition").last).to_be_focused()
    expect(anna.get_by_role("group", name="Condition")).to_have_count(2)
    anna.get_by_role("button", name="Save", exact=True).click()

    expect(anna.get_by_role("heading", name="Audience")).to_be_visible()
    many = Compare("orders_90", Operator.AT_LEAST, 2)
    assert plan_of(shop.database, "autumn-thanks").rule == Every((many, Compare("tier", Operator.EQUALS, "HIGH")))
    anna.get_by_label("With what").first.fill("two")
    expect(meaning).to_contain_text("as soon as every condition is complete")
    anna.get_by_role("button", name="Save", exact=True).click()
    expect(anna.get_by_text("This is no number").last).to_be_visible()
    expect(anna.get_by_label("With what").first).to_have_value("two")
    assert faults(anna, "wizard-audience-wrong") == []


def test_a_rule_beyond_rows_stays_as_yaml_and_a_stale_tab_loses_nothing(shop: Site) -> None:
    doubled = Not(Not(Compare("tier", Operator.EQUALS, "HIGH")))
    create_campaign(shop.database, rule=doubled, currency="JPY")
    anna = shop.enter("anna", color_scheme="dark", viewport={"width": 400, "height": 800})
    anna.goto("/campaigns/spring/edit/audience")

    expect(anna.get_by_label("The rule as YAML")).to_have_value(
        "not:\n  not:\n    compare:\n      fact: tier\n      operator: equals\n      value: HIGH\n"
    )
    anna.get_by_label("The rule as YAML").fill("compare: {fact: teir, operator: equals, value: HIGH}")
    anna.get_by_role("button", name="Save", exact=True).click()
    expect(anna.get_by_text("did you mean tier").last).to_be_visible()
    anna.get_by_label("The rule as YAML").fill("compare: {fact: spend, operator: at_least, value: 5000}")
    expect(anna.locator("#meaning")).to_contain_text("at least 50.00 GBP")
    anna.get_by_role("button", name="Back to rows").click()
    expect(anna.get_by_label("With what")).to_have_value("50")
    anna.get_by_role("button", name="Write it as YAML").click()
    anna.get_by_label("The rule as YAML").fill("within: {fact: tier, values: [HIGH, MID]}")
    anna.get_by_role("button", name="Back to rows").click()
    expect(anna.get_by_label("How it is compared")).to_have_value("within")
    assert faults(anna, "wizard-audience-narrow-dark") == []

    with shop.database.writing() as transaction:
        drafts.update(transaction, make_cause(), "spring", lambda plan: replace(plan, display_name="Other"))
    anna.get_by_role("button", name="Save", exact=True).click()

    expect(anna.get_by_role("alert")).to_contain_text("Somebody changed this campaign")
    expect(anna.get_by_label("How it is compared")).to_have_value("within")
    assert plan_of(shop.database, "spring").rule == doubled


def test_only_planners_write_plans(shop: Site) -> None:
    create_campaign(shop.database)
    ada = shop.enter("ada", "analyst")

    for address in ("/campaigns/-/new", "/campaigns/spring/edit/audience"):
        answer = ada.goto(address)
        assert answer is not None
        assert answer.status == 403


@pytest.mark.parametrize(
    ("name", "campaign_id"),
    [("Spring Sale!", "spring-sale"), ("Été", "ete"), ("春季", "campaign-2026-11-20"), ("New", "new"),
     ("2 for 1", "campaign-2-for-1"), ("x" * 80, "x" * 50)],
)  # fmt: skip
def test_a_name_gives_an_id(name: str, campaign_id: str) -> None:
    assert list(islice(ids_of(name, NOW, noun="campaign"), 2)) == [campaign_id, f"{campaign_id}-2"]


def test_a_form_that_is_sent_twice_makes_one_draft(database: Database) -> None:
    create_campaign(database)

    with database.reading() as snapshot:
        made = campaigns.get(snapshot, "spring")
        again = naming.made_since(snapshot, "Spring", made.create_time, "anna")
        assert again == made
        for name, since, author in [
            ("Summer", NOW, "anna"), ("Spring", made.create_time + timedelta(seconds=1), "anna"), ("Spring", NOW, "bo"),
        ]:  # fmt: skip
            assert naming.made_since(snapshot, name, since, author) is None


def test_an_id_that_was_ever_given_is_not_given_again(database: Database) -> None:
    create_campaign(database)
    with database.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")
        assert naming.free_id(transaction, "Spring", NOW) == "spring-2"
