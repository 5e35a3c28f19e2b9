"""Debian's Chromium, and the web admin on a free port with the database of the test."""

import asyncio
import socket
import threading
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from made.campaigns import add_customers, make_cause, store_scores
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from starlette.applications import Starlette

from admin.web.application import application
from admin.web.house import House
from campaigns.callers import staff
from campaigns.life.approval import ApprovalPolicy
from database.session import Database

CHROMIUM = Path("/usr/bin/chromium")
WITHOUT = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "HttpsUpgrades", "MediaRouter", "NetworkTimeServiceQuerying",
    "OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning",
)  # fmt: skip
"""The pages that each window loads behind its address bar, in a process that costs six times what ours does; and what
Playwright goes without, for Chromium heeds only the last list."""
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    f"--disable-features={','.join(WITHOUT)}",
)  # fmt: skip
PASSWORD = "correct horse battery"
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
AXE = Axe().axe_script
SERIOUS = """axe.run({resultTypes: ["violations"]}).then(({violations}) => violations
    .filter(each => ["serious", "critical"].includes(each.impact)).map(each => `${each.id}: ${each.nodes.length}`))"""
"""All that it found besides, to be sent from the browser, costs as much as to look."""
SLOW_MS = 30_000
expect.set_options(timeout=SLOW_MS)


@dataclass(frozen=True, slots=True)
class Site:
    """A running admin and a browser in front of it."""

    address: str
    database: Database
    browser: Browser

    def enter(self, name: str, role: str = "marketer", **context: object) -> Page:
        """A window of their own, at no page yet, in which somebody new has signed in."""
        with self.database.writing() as transaction:
            staff.add(transaction, make_cause(), name, role, PASSWORD)
        page = self.window(**context)
        answer = page.request.post("/sign-in", form={"name": name, "password": PASSWORD}, max_redirects=0)
        assert answer.status == 303, answer.text()
        return page

    def window(self, **context: object) -> Page:
        """A browser that knows nobody."""
        return self._browser(**context).new_page()

    def stranger(self) -> APIRequestContext:
        """Requests of such a browser that shows nothing: a window is a process of its own."""
        return self._browser().request

    def _browser(self, **context: object) -> BrowserContext:
        made: BrowserContext = self.browser.new_context(base_url=self.address, **context)  # type: ignore[arg-type]
        made.set_default_timeout(SLOW_MS)
        return made


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def in_chinese(page: Page) -> None:
    """On a narrow screen the choice of the language is in the menu."""
    menu = page.get_by_role("button", name="Menu")
    if menu.is_visible():
        menu.click()
    page.get_by_role("button", name="中文").click()


def faults(page: Page, name: str = "") -> list[str]:
    """What axe finds that is serious or critical, and whether one has to scroll sideways; with a name, a `picture`."""
    if name:
        picture(page, name)
    page.evaluate(AXE)
    serious: list[str] = page.evaluate(SERIOUS)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return serious + (["wider than the screen"] if wide else [])


def picture(page: Page, name: str) -> None:
    """Kept to be looked at, where `make pictures` made a place for it."""
    if PICTURES.is_dir():
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@dataclass(slots=True)
class Resident:
    """A browser of all files of a test process."""

    playwright: Playwright
    loop: asyncio.AbstractEventLoop
    browser: Browser | None = None

    @contextmanager
    def entered(self) -> Iterator[Browser]:
        """For one file of tests: only meanwhile has this thread an event loop, beside which others could not run."""
        events._set_running_loop(self.loop)
        try:
            if self.browser is None or not self.browser.is_connected():
                self.browser = self.playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            yield self.browser
            for context in self.browser.contexts:
                context.close()
        finally:
            events._set_running_loop(None)


@pytest.fixture(scope="session")
def resident() -> Iterator[Resident]:
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed")
    with sync_playwright() as playwright:
        made = Resident(playwright, asyncio.get_running_loop())
        events._set_running_loop(None)
        yield made
        events._set_running_loop(made.loop)
        if made.browser is not None:
            made.browser.close()


@pytest.fixture(scope="module")
def chromium(resident: Resident) -> Iterator[Browser]:
    with resident.entered() as browser:
        yield browser


@contextmanager
def serving(app: Starlette, listener: socket.socket | None = None) -> Iterator[str]:
    """The address of an application in a thread of its own."""
    listener = listener or socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def site_of(house: House, chromium: Browser) -> Iterator[Site]:
    """An admin and a browser, whose windows close at the end."""
    with serving(application(house)) as address:
        try:
            yield Site(address, house.database, chromium)
        finally:
            for context in chromium.contexts:
                context.close()


@pytest.fixture
def site(database: Database, chromium: Browser) -> Iterator[Site]:
    house = House(database=database, secure=False, policy=ApprovalPolicy(), currency="GBP")
    with site_of(house, chromium) as made:
        yield made


@pytest.fixture
def busy_site(site: Site) -> Site:
    """Sixty customers who agreed to e-mail: 10 HIGH, 20 MID, 30 LOW."""
    customers = [f"c{number:02}" for number in range(60)]
    add_customers(site.database, customers, consented=["EMAIL"])
    spends = {name: 9000 if place < 10 else 2000 if place < 30 else 100 for place, name in enumerate(customers)}
    store_scores(site.database, spends)
    return site
