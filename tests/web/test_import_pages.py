"""Imports: which files came in, by whom, what was not taken in and why."""

import csv
import inspect
import re
from pathlib import Path

import pytest
from made.campaigns import make_cause
from playwright.sync_api import expect
from running.browser import Site, faults, in_chinese
from sqlalchemy import text

import events
from admin.web import look
from admin.web.pages import imports as pages
from campaigns import trail
from database.imports import store_attributes, store_events
from database.session import Database
from events.attributes import read_customers
from events.files.reading import rejected_rows
from events.loading import load_events
from rules.sentence import Language

SALES = """customer_id,time,event_type,item_id,quantity,unit_price,title,colour
anna,2026-01-05,purchase,a,1,2.50,Lantern,red
,2026-01-05,purchase,a,1,2.50,Lantern,"b""l\\ue"
bert,2026-01-06,purchase,b,2,0,Cup,red
bert,2026-01-06,purchase,b,3,0,电,red
"""


@pytest.fixture
def shop(site: Site, tmp_path: Path) -> Site:
    """A file of sales by an operator, and one of customers from before the log knew of imports, and reports of all."""
    sales, people = tmp_path / "sales.csv", tmp_path / "people.csv"
    sales.write_text(SALES)
    people.write_text("customer_id,country\nanna,GB\n")
    loaded, cause = load_events(sales, currency="GBP", now=make_cause().now), make_cause()
    with site.database.writing() as transaction:
        store_attributes(transaction, read_customers(people), [], import_id="a1", file_name="people.csv")
        transaction.execute(text("UPDATE imports SET report = report - 'last_line_ends' - 'irrelevant_columns'"))
    with site.database.writing() as transaction:
        store_events(transaction, loaded, rejected_rows(sales, loaded.rejected), import_id="b2", file_name="sales.csv")
        trail.done(transaction, cause, "events.import", "events", after={"import": "b2", "file": "sales.csv"})
    return site


def test_an_import_says_what_was_rejected_and_why(shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE_ROWS", 2)
    anna = shop.enter("anna")
    anna.goto("/")
    anna.get_by_role("link", name="Imports").click()
    expect(anna.get_by_role("row").nth(1)).to_contain_text("sales.csv")
    expect(anna.get_by_role("row", name="sales.csv")).to_contain_text("operator:anna")
    expect(anna.get_by_role("row", name="people.csv").get_by_role("cell")).to_have_text(
        ["Customers", re.compile(r"\b20\d\d\b"), "–", "1", "1", re.compile("^0")]
    )
    assert faults(anna, "imports") == []
    anna.get_by_role("link", name="sales.csv").click()

    expect(anna.locator(".figures dd")).to_have_text(["4", "1", "3", "0", "1", "0", "0", "0"])
    reasons = anna.get_by_role("table", name="Why rows were rejected").get_by_role("row")
    expect(reasons.nth(1)).to_have_text("the price is not above zeroNON_POSITIVE_PRICE2")
    expect(reasons.nth(2)).to_have_text("customer_id is missingMISSING_CUSTOMER_ID1")
    expect(anna.get_by_text("Columns that nothing reads: colour")).to_be_visible()
    expect(anna.get_by_role("row", name="the price is not above zero time: 2026-01-06").first).to_be_visible()
    assert faults(anna, "import") == []
    with anna.expect_download() as taken:
        anna.get_by_role("link", name="All rejected rows as a file").click()
    with taken.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["row_number"], row["reason"]) for row in rows] == [
        ("2", "MISSING_CUSTOMER_ID"), ("3", "NON_POSITIVE_PRICE"), ("4", "NON_POSITIVE_PRICE"),
    ]  # fmt: skip
    assert '"title": "电"' in rows[2]["content"]
    assert anna.request.get("/imports/c3%0d%0ax/rejected.csv").status == 404
    anna.set_viewport_size({"width": 400, "height": 800})
    in_chinese(anna)
    expect(anna.get_by_role("row", name="缺少 customer_id MISSING_CUSTOMER_ID 1")).to_be_visible()
    assert faults(anna, "import-narrow-zh") == []


def test_an_analyst_reads_reasons_and_no_rows(shop: Site) -> None:
    ada = shop.enter("ada", "analyst")
    ada.goto("/imports/b2")

    expect(ada.get_by_role("row", name="the price is not above zero")).to_have_count(1)
    expect(ada.get_by_text("bert")).to_have_count(0)
    expect(ada.get_by_role("link", name="All rejected rows")).to_have_count(0)
    statuses = [ada.request.get(f"/imports/{name}").status for name in ("b2/rejected.csv", "c3", "a1")]
    assert statuses == [403, 404, 200]


def test_imports_have_pages(database: Database, site: Site, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("customer_id,country\nanna,GB\n")
    with database.writing() as transaction:
        for number in range(27):
            store_attributes(
                transaction, read_customers(people), [], import_id=f"i{number:02}", file_name=f"{number:02}.csv"
            )
    anna = site.enter("anna")
    anna.goto("/imports")

    expect(anna.get_by_role("row")).to_have_count(26)
    anna.get_by_role("link", name="Older").click()
    expect(anna.get_by_role("rowheader")).to_have_text(["01.csv", "00.csv"])


@pytest.mark.parametrize("language", list(Language))
def test_every_reason_of_cleaning_has_words(language: Language) -> None:
    parts = look.environment(language).get_template("import_parts.html").make_module({"language": language})
    said = {reason: str(parts.why_words(reason)) for reason in named_reasons()}  # type: ignore[attr-defined]  # a macro

    assert len(said) > 20
    assert {reason for reason, words in said.items() if words == reason.lower().replace("_", " ")} == set()
    chinese = [any("\u4e00" <= symbol <= "\u9fff" for symbol in words) for words in said.values()]
    assert set(chinese) == {language is Language.CHINESE}


def named_reasons() -> set[str]:
    """Whatever stands as a text in capitals where rows are split; `MISSING_` and the like with a column behind."""
    folder = Path(inspect.getfile(events)).parent
    files = [*folder.glob("cleaning/*.py"), folder / "written" / "times.py", folder / "attributes.py"]
    code = re.sub(r"\{[^}]*\}", "ITEM_ID", "".join(path.read_text() for path in files))
    return set(re.findall(r'f?"([A-Z]+(?:_[A-Z]+)*)"', code)) - {"UTC"}
