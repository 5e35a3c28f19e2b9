"""README's campaign in five minutes, in its own words and by keyboard alone, as somebody who knows nothing else."""

import re
from pathlib import Path

from made.campaigns import finish_launch
from playwright.sync_api import Locator, Page, expect
from running.browser import Site, faults

from database.work import operations

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
SECTION = README.partition("### A campaign in five minutes")[2].partition("\n## ")[0]
FARTHEST = 80
"""Presses of the tab key from anywhere on a page."""
WHERE = """target => {
  const at = document.activeElement;
  if (at === target) return "there";
  return at.matches(".skip") && target.closest("main") ? "before" : "elsewhere";
}"""
"""Whether the focus is on the target, on the link that leads past the navigation to it, or elsewhere."""
NAME = "My first campaign"


class Reader:
    """Does what the section says, word after word."""

    def __init__(self) -> None:
        self.words = [word for term in re.findall(r"\*([^*]+)\*", SECTION) for word in term.split(" → ")]

    def press(self, page: Page, word: str, *, where: Locator | None = None) -> None:
        """The link or button of the next word."""
        self._next(word)
        scope = where or page
        link, button = (scope.get_by_role(role, name=word, exact=True) for role in ("link", "button"))
        press(page, link.or_(button).last)

    def see(self, page: Page, word: str) -> None:
        """The page of the next word."""
        self._next(word)
        expect(page.get_by_role("heading", level=1, name=word)).to_be_visible()

    def _next(self, word: str) -> None:
        assert self.words.pop(0) == word


def press(page: Page, target: Locator) -> None:
    """Tab to it, past the navigation where it is on the page itself, and Enter."""
    target.wait_for()
    for _ in range(FARTHEST):
        here = target.evaluate(WHERE)
        if here != "elsewhere":
            page.keyboard.press("Enter")
        if here == "there":
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the tab key does not come to {target}")


def test_a_newcomer_launches_a_campaign_from_the_readme_alone(busy_site: Site) -> None:
    reader, anna = Reader(), busy_site.enter("anna")
    anna.goto("/")
    reader.press(anna, "Campaigns", where=anna.get_by_role("navigation"))
    reader.press(anna, "New campaign")
    expect(anna.get_by_label("What is it called?")).to_be_focused()
    anna.keyboard.type(NAME)
    reader.press(anna, "Make a draft")
    reader.see(anna, "Audience")
    reader.press(anna, "Add a condition")
    expect(anna.get_by_label("What is asked").last).to_be_focused()
    expect(anna.locator("#meaning")).to_contain_text("customers")
    reader.press(anna, "Save and go on")
    for step in ("Offers", "When", "Budget and proof"):
        reader.see(anna, step)
        press(anna, anna.get_by_role("button", name="Save and go on").last)
    reader.see(anna, "Review")
    expect(anna.locator(".forecast")).to_contain_text("Additional revenue")
    reader.press(anna, "Submit for approval")
    expect(anna.get_by_role("status").last).to_contain_text("It waits for an approver")
    assert faults(anna, "submitted") == []

    ben = busy_site.enter("ben", "approver")
    ben.goto("/")
    reader.press(ben, "Home")
    reader.press(ben, "Decide")
    expect(ben.get_by_role("row", name="Offers HIGH 20% off")).to_be_visible()
    expect(ben.locator(".forecast")).to_contain_text("Additional revenue")
    reader.press(ben, "Approve")
    expect(ben.get_by_text("Nothing waits for you")).to_be_visible()

    reader.press(anna, "Campaigns", where=anna.get_by_role("navigation").first)
    press(anna, anna.get_by_role("link", name=NAME))
    expect(anna.get_by_role("status")).to_contain_text("launch it at once")
    reader.press(anna, "Launch", where=anna.locator(".actions"))
    expect(anna.get_by_text("The audience is frozen now")).to_be_visible()
    expect(anna.locator(".forecast")).to_contain_text("Additional revenue")
    press(anna, anna.get_by_role("button", name="Launch"))
    expect(anna.get_by_role("status").last).to_contain_text("coupons are being issued")
    with busy_site.database.reading() as snapshot:
        begun = operations.running(snapshot, operations.LAUNCH_CAMPAIGN)
    assert begun is not None
    finish_launch(busy_site.database, begun)
    expect(anna.get_by_role("heading", level=1)).to_contain_text("active")
    reader.press(anna, "Jobs")
    expect(anna.get_by_role("row", name="Launch my-first-campaign succeeded")).to_be_visible()
    anna.go_back()
    reader.press(anna, "Pause")
    press(anna, anna.get_by_role("button", name="Pause"))

    expect(anna.get_by_role("heading", level=1)).to_contain_text("paused")
    assert reader.words == []
