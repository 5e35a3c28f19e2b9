"""What came of a campaign, as those who run it see it."""

import pytest
from browser import Site, faults, picture
from playwright.sync_api import expect
from watched_shop import open_watched


@pytest.fixture
def shop(site: Site) -> Site:
    open_watched(site.database)
    return site


def test_results_say_what_to_do_and_how_sure_that_is(shop: Site) -> None:
    anna = shop.enter("anna")
    anna.goto("/campaigns/spring")
    anna.get_by_role("link", name="Experiment").click()

    expect(anna.get_by_role("heading", name="Keep it")).to_be_visible()
    expect(anna.get_by_role("img", name="Margin")).to_have_count(2)
    picture(anna, "experiment")
    assert faults(anna) == []
