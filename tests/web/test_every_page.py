"""Every page, for who listens to it, works by keys alone, or reads it in Chinese."""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from made.campaigns import add_customers, create_campaign, launch_campaign, make_cause, make_plan, store_scores
from page_reader import PageReader
from running.browser import PASSWORD, serving
from starlette.applications import Starlette
from starlette.routing import Route

from admin.web.application import application
from admin.web.house import House
from campaigns.audiences import segments
from campaigns.callers import staff
from campaigns.life.approval import ApprovalPolicy
from database.imports import store_attributes
from database.session import Database
from events.attributes import read_customers
from rules.rule import Compare, Operator

PARTS = {
    "customer_id": "c1", "campaign_id": "spring", "model_id": "m1", "version": "1", "verb": "pause",
    "segment_id": "best", "import_id": "a1",
}  # fmt: skip
NO_PAGES = ("/static", "/healthz", "/language", "/rejected.csv", "/events")
MARKUP = r"<code.*?</code>|<[^>]*>"
CHINESE = "[\u4e00-\u9fff]"
HALF_WIDTH = re.compile(rf"{CHINESE}\s?[,;:!?](?!\w)|[,;]\s?{CHINESE}|\({CHINESE}|{CHINESE}\)|{CHINESE}…(?!…)")


@pytest.fixture(scope="module")
def app(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """A shop with one of each thing that has a page."""
    people = tmp_path_factory.mktemp("files") / "people.csv"
    people.write_text("customer_id,country\nc1,GB\n")
    add_customers(database_of_file, ["c1", "c2"], consented=["EMAIL"])
    store_scores(database_of_file, {"c1": 9000, "c2": 2000})
    rule = Compare("tier", Operator.EQUALS, "HIGH")
    launch_campaign(database_of_file, make_plan(holdout_percent=10))
    create_campaign(database_of_file, "draft", display_name="Draft", rule=rule)
    with database_of_file.writing() as transaction:
        store_attributes(transaction, read_customers(people), [], import_id="a1", file_name="people.csv")
        segments.create(transaction, make_cause(), "best", display_name="Best", rule=rule)
        staff.add(transaction, make_cause(), "olga", "operator", PASSWORD)
    return application(House(database=database_of_file, secure=False, policy=ApprovalPolicy(), currency="GBP"))


@pytest.fixture(scope="module")
def olga(app: Starlette) -> Iterator[httpx.Client]:
    """Signed in, as who may see most."""
    with serving(app) as address, httpx.Client(base_url=address, timeout=60) as client:
        client.post("/sign-in", data={"name": "olga", "password": PASSWORD})
        yield client


def addresses(app: Starlette) -> list[str]:
    paths = [route.path for route in app.routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    return [
        path.replace(":version}", "}").format_map(PARTS | ({"campaign_id": "draft"} if "/edit/" in path else {}))
        for path in paths
        if not path.endswith(NO_PAGES)
    ]


def test_every_page_is_built_for_all(app: Starlette, olga: httpx.Client) -> None:
    """In Chinese: its structure is that of each language."""
    olga.cookies.set("tierwise_language", "zh")
    asked = addresses(app)
    with ThreadPoolExecutor(4) as several:
        answers = list(several.map(olga.get, asked))
    pages = [PageReader(answer.text) for answer in answers]
    wrong = {
        address: faults
        for address, answer, page in zip(asked, answers, pages, strict=True)
        if (faults := [*page.faults, *HALF_WIDTH.findall(re.sub(MARKUP, "\n", answer.text))])
    }

    assert {answer.status_code for answer in answers} == {200}
    assert wrong == {}
    assert {page.language for page in pages} == {"zh"}
    assert [title for title, count in Counter(page.title for page in pages).items() if count > 1] == []


def test_a_page_that_watches_a_launch_is_loaded_whole_when_that_is_over(olga: httpx.Client) -> None:
    answer = olga.get("/campaigns/spring", headers={"hx-request": "true"})

    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/campaigns/spring")
