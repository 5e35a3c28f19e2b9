"""Segments: made by their rule with a preview of their size, built, changed, and who asks about them."""

from datetime import UTC, datetime, timedelta

import pytest
from made.campaigns import audit_lines, build_segment, create_campaign, finish_build, make_cause, read_operation
from playwright.sync_api import APIResponse, Page, expect
from running.browser import Site, faults, in_chinese, picture

from campaigns.audiences import segments
from campaigns.audiences.segments import SegmentState
from database.session import Database
from rules.rule import Compare, InSegment, Operator

HIGH = Compare("tier", Operator.EQUALS, "HIGH")


def save(database: Database, segment_id: str, name: str, rule: Compare | InSegment = HIGH) -> None:
    with database.writing() as transaction:
        segments.create(transaction, make_cause(), segment_id, display_name=name, rule=rule)


def choose_tier(page: Page, tier: str) -> None:
    page.get_by_label("What is asked").select_option("tier")
    expect(page.get_by_label("With what").get_by_role("option")).to_have_count(3)
    page.get_by_label("With what").select_option(tier)


def work_off(site: Site, segment_id: str) -> None:
    with site.database.reading() as snapshot:
        begun = segments.get(snapshot, segment_id).operation_id
    assert begun is not None
    finish_build(site.database, read_operation(site.database, begun))


def test_a_segment_is_made_with_its_size_in_view_and_then_built(busy_site: Site) -> None:
    anna = busy_site.enter("anna")
    anna.goto("/")
    anna.get_by_role("link", name="Segments").click()
    expect(anna.get_by_text("No segment yet: give a rule that you ask often a name.")).to_be_visible()
    anna.get_by_role("link", name="New segment").click()
    meaning = anna.locator("#meaning")
    choose_tier(anna, "HIGH")
    expect(meaning).to_contain_text("10 customers")
    anna.get_by_role("button", name="Save and build").last.click()

    expect(anna.get_by_text("Fill this in.").last).to_be_visible()
    anna.get_by_label("Name").fill("Best customers")
    anna.get_by_label("What is asked").select_option("orders")
    anna.locator("input[name='r.value']").fill("many")
    anna.get_by_role("button", name="Save and build").last.click()
    expect(anna.get_by_text("This is no number").last).to_be_visible()
    expect(anna.get_by_label("Name")).to_have_value("Best customers")
    expect(anna.get_by_role("alert")).to_be_focused()
    expect(anna.get_by_role("alert")).to_contain_text("Condition: This is no number")
    assert faults(anna, "segment-form-wrong") == []
    choose_tier(anna, "HIGH")
    expect(meaning.get_by_role("row", name="All customers 60")).to_be_visible()
    # Faster than any server: what was asked first is seen before anything is saved.
    anna.evaluate("for (const each of ['[value^=remove]', '.foot button']) document.querySelector(each).click()")
    expect(anna.get_by_role("button", name="Remove the condition")).to_have_count(0)
    anna.get_by_role("button", name="Save and build").last.click()
    expect(anna.get_by_text("No condition: a segment needs one.")).to_be_visible()
    anna.get_by_role("button", name="Add a condition").click()
    choose_tier(anna, "HIGH")
    anna.get_by_role("button", name="Save and build").last.click()

    expect(anna).to_have_url(f"{busy_site.address}/segments/best-customers")
    expect(anna.get_by_text("being built")).to_be_visible()
    anna.get_by_text("The rule as YAML").click()
    anna.get_by_role("link", name="Who did what with it").focus()
    work_off(busy_site, "best-customers")
    expect(anna.get_by_role("heading", name="Best customers built")).to_be_visible()
    expect(anna.get_by_role("link", name="Who did what with it")).to_be_focused()
    expect(anna.get_by_text("fact: tier")).to_be_visible()
    expect(anna.get_by_role("link", name="c09")).to_be_visible()
    assert faults(anna) == []
    assert [line for line in audit_lines(busy_site.database) if line[0].startswith("segments")] == [
        ("segments.create", "segments/best-customers", "OK"), ("segments.build", "segments/best-customers", "OK"),
        ("segments.build.finish", "segments/best-customers", "OK"),
    ]  # fmt: skip


@pytest.fixture
def asked(busy_site: Site) -> Site:
    """`best`, about which a segment and two campaigns ask."""
    database, now = busy_site.database, datetime.now(UTC)
    save(database, "best", "Best customers")
    build_segment(busy_site.database, "best")
    save(database, "worth", "Worth it", InSegment("best"))
    build_segment(busy_site.database, "worth")
    window = {"start_time": now + timedelta(days=1), "end_time": now + timedelta(days=9)}
    create_campaign(database, "thanks", display_name="Thanks", rule=InSegment("best"), **window)
    create_campaign(database, "more", display_name="More thanks", rule=InSegment("worth"), **window)
    return busy_site


def test_a_segment_is_changed_by_who_saw_it_as_it_is(asked: Site) -> None:
    anna = asked.enter("anna")
    anna.goto("/segments")
    row = anna.get_by_role("row", name="Best customers")
    expect(row).to_contain_text('is in tier "HIGH"')
    expect(row).to_contain_text("More thanks, Thanks")
    assert faults(anna, "segments") == []
    row.get_by_role("link", name="Best customers").click()
    expect(anna.get_by_role("row", name="More thanks draft through another segment")).to_be_visible()
    expect(anna.get_by_role("row", name="Thanks draft by its own rule")).to_be_visible()
    expect(anna.get_by_role("link", name="Delete")).to_have_count(0)
    picture(anna, "segment")

    anna.get_by_role("link", name="Change").click()
    expect(anna.get_by_text("These campaigns ask about it.")).to_be_visible()
    anna.get_by_label("What is asked").select_option("in_segment")
    expect(anna.get_by_label("With what").get_by_role("option")).to_have_text(["choose one", "Worth it (10)"])
    anna.get_by_label("With what").select_option("worth")
    anna.get_by_role("button", name="Save", exact=True).click()
    expect(anna.get_by_text("cannot ask about itself, nor through others")).to_have_count(2)
    choose_tier(anna, "MID")
    with asked.database.writing() as transaction:
        segments.update(transaction, make_cause(), "best", display_name="The best")
    anna.get_by_role("button", name="Save", exact=True).click()
    expect(anna.get_by_role("alert")).to_contain_text("Somebody changed this segment")
    expect(anna.get_by_label("With what")).to_have_value("MID")
    assert faults(anna) == []


def test_a_changed_rule_is_seen_by_whoever_asks_about_it(asked: Site) -> None:
    anna = asked.enter("anna")
    anna.goto("/segments/best/edit")
    anna.get_by_label("With what").select_option("MID")
    anna.get_by_role("button", name="Save", exact=True).click()

    expect(anna.get_by_role("heading", name="Best customers rule changed since")).to_be_visible()
    anna.goto("/segments")
    expect(anna.get_by_text("rule changed since")).to_have_count(2)
    anna.set_viewport_size({"width": 400, "height": 800})
    in_chinese(anna)
    expect(anna.get_by_role("row", name="Best customers")).to_contain_text("规则已改变")
    assert faults(anna, "segments-narrow-zh") == []
    anna.get_by_role("link", name="Best customers").click()
    expect(anna.get_by_role("button", name="重新构建")).to_be_visible()
    assert faults(anna, "segment-narrow-zh") == []
    anna.goto("/segments/best/edit")
    expect(anna.locator("#meaning")).to_contain_text("20 位客户")
    assert faults(anna, "segment-form-narrow-zh") == []


def test_a_button_pressed_twice_makes_one_segment_and_a_name_that_is_taken_is_told(busy_site: Site) -> None:
    save(busy_site.database, "best", "Best")
    anna = busy_site.enter("anna")
    anna.goto("/")
    token = str(anna.locator("input[name=form_token]").first.get_attribute("value"))

    def post(name: str, tier: str) -> APIResponse:
        row = {"r.fact": "tier", "r.was": "tier", "r.operator": "equals", "r.value": tier}
        form: dict[str, str | float | bool] = {"display_name": name, "do": "save", "form_token": token, **row}
        return anna.request.post("/segments/-/new", form=form)

    same, other, longer = post("Best", "HIGH"), post("Best", "LOW"), post("Best!", "LOW")
    endless = post("x" * 101, "MID")

    assert (same.status, same.url) == (200, f"{busy_site.address}/segments/best")
    assert (other.status, longer.status, longer.url) == (422, 200, f"{busy_site.address}/segments/best-2")
    assert "Another one is called so: choose another name." in other.text()
    assert (endless.status, "a segment needs a name of at most 100 symbols" in endless.text()) == (422, True)
    with busy_site.database.reading() as snapshot:
        assert {each.segment_id for each in segments.page(snapshot, limit=9)} == {"best", "best-2"}


def test_an_analyst_reads_segments_and_a_marketer_deletes_what_nobody_asks_about(busy_site: Site) -> None:
    for number in range(26):
        save(busy_site.database, f"s{number:02}", f"Segment {number:02}")
    build_segment(busy_site.database, "s00")
    ada = busy_site.enter("ada", "analyst")
    ada.goto("/segments")
    expect(ada.get_by_role("row")).to_have_count(26)
    expect(ada.get_by_role("link", name="New segment")).to_have_count(0)
    ada.get_by_role("link", name="Older").click()
    expect(ada.get_by_role("row")).to_have_count(2)
    ada.get_by_role("link", name="Segment 00").click()
    expect(ada.get_by_role("term").first).to_have_text("Customers")
    expect(ada.get_by_role("link", name="c00")).to_have_count(0)
    expect(ada.get_by_role("button", name="Build").or_(ada.get_by_role("link", name="Change"))).to_have_count(0)
    for address in ("/segments/-/new", "/segments/s00/edit", "/segments/s00/delete"):
        answer = ada.goto(address)
        assert answer is not None
        assert answer.status == 403
    anna = busy_site.enter("anna")
    anna.goto("/segments/s00")
    anna.get_by_role("link", name="Delete").click()
    assert faults(anna) == []
    anna.get_by_role("button", name="Delete").click()

    expect(anna.get_by_role("row", name="Segment 00")).to_have_count(0)
    with busy_site.database.reading() as snapshot:
        states = [each.state for each in segments.page(snapshot, limit=99)]
    assert states == [SegmentState.NEW] * 25
