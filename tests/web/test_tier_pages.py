"""Tiers: who stands where, and a scheme that is looked at before it is in force."""

from datetime import timedelta
from pathlib import Path

import pytest
from made.campaigns import NOW, audit_lines, make_cause, rescore
from playwright.sync_api import expect
from running.browser import Site, faults, picture
from shops.known_shop import known_shop, work_off

from campaigns.tiers import schemes
from database.work import operations


@pytest.fixture
def shop(site: Site, tmp_path: Path) -> Site:
    return known_shop(site, tmp_path)


def test_a_scheme_is_looked_at_before_it_is_put_in_force(shop: Site) -> None:
    page = shop.enter("anna")
    page.goto("/tiers/2")
    expect(page.get_by_text("Every customer is being looked at")).to_be_visible()
    with shop.database.writing() as transaction:
        (begun,) = operations.under_way(transaction, operations.PREVIEW_TIERS)
        operations.cancel(transaction, begun.operation_id, NOW)
    page.reload()
    page.wait_for_load_state("networkidle")
    with shop.database.reading() as snapshot:
        assert operations.under_way(snapshot, operations.PREVIEW_TIERS) == []
    page.get_by_role("button", name="See who would move").click()
    expect(page.get_by_text("Every customer is being looked at")).to_be_visible()
    work_off(shop)

    expect(page.get_by_role("row", name="MID 1 33.3% – –")).to_be_visible()
    expect(page.get_by_text("by the scores as of 20 Nov 2026")).to_be_visible()
    expect(page.get_by_text("c2")).to_be_visible()
    assert faults(page, "tier-preview") == []
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
    assert faults(page, "tiers") == []
    page.goto("/")
    expect(page.get_by_role("region", name="Customers by tier")).to_contain_text("HIGH267%")
