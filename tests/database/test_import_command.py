"""`tierwise import` from a shell: results on standard output, errors that name the way out."""

import csv
import json
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from made.campaigns import audit_lines
from typer.testing import CliRunner, Result

from admin.command_line import main
from admin.commands.imports import app
from campaigns import trail
from campaigns.actor import Actor, Cause
from campaigns.customers import erasure
from database.customers import known
from database.events.store import read_events
from database.session import Database
from database.work import operations

EVENTS = """customer_id,time,event_type,item_id,quantity,unit_price
anna,2026-01-05 10:00,purchase,a,1,2.50
anna,2026-01-05 10:00,purchase,a,1,2.50
"""
MAPPING = "columns: {who: customer_id, when: time}\nevent_type: {constant: view}\n"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def told(*words: object) -> dict[str, Any]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two equal lines."""
    path = tmp_path / "shop.csv"
    path.write_text(EVENTS)
    return path


def test_events_are_imported_once(database_url: str, database: Database, file: Path) -> None:
    first = told("events", file, "--currency", "GBP", "--database-url", database_url)
    again = told("events", file, "--currency", "GBP", "--database-url", database_url)

    assert (first["imported_before"], again["imported_before"]) == (False, True)
    assert first["import_id"] == again["import_id"]
    assert (first["report"]["rows_in"], first["report"]["events_new"], first["report"]["rejected"]) == (2, 1, 1)
    with database.reading() as snapshot:
        assert read_events(snapshot).height == 1


def test_the_report_is_shown_as_table_json_and_page(database_url: str, file: Path, tmp_path: Path) -> None:
    done = told("events", file, "--database-url", database_url)
    html = tmp_path / "report.html"

    table = run("report", "--html", html, "--database-url", database_url)
    by_id = told("report", "--import", done["import_id"][:8], "--database-url", database_url)

    assert table.exit_code == 0
    assert "DUPLICATE 1" in table.stdout
    assert by_id["report"] == done["report"]
    assert html.read_text().startswith("<!doctype html>")


def test_rows_that_were_not_taken_in_are_written_with_their_reasons(database_url: str, tmp_path: Path) -> None:
    people, out = tmp_path / "customers.csv", tmp_path / "new" / "rejected.csv"
    people.write_text('customer_id,zone\nanna,Mars\n"b ""é""/x",UTC\n')

    said = run("customers", people, "--database-url", database_url)
    done = told("customers", people, "--database-url", database_url)
    told("report", "--import", done["import_id"][:8], "--rejected", out, "--database-url", database_url)

    assert (
        f"no row of customers.csv was taken in; `tierwise import report --import {done['import_id'][:12]}"
        in said.stderr
    )
    with out.open(newline="", encoding="utf-8") as file:
        heading, *rows = csv.reader(file)
    assert heading == ["row_number", "reason", "content"]
    assert [(number, reason, json.loads(content)) for number, reason, content in rows] == [
        ("1", "UNKNOWN_ZONE", {"customer_id": "anna", "zone": "Mars"}),
        ("2", "UNUSABLE_CUSTOMER_ID", {"customer_id": 'b "é"/x', "zone": "UTC"}),
    ]


def test_a_mapping_describes_the_file(database_url: str, tmp_path: Path) -> None:
    mapping, file = tmp_path / "shop.yaml", tmp_path / "shop.csv"
    mapping.write_text(MAPPING)
    file.write_text("who,when\nanna,2026-01-05\n")
    done = told("events", file, "--mapping", mapping, "--database-url", database_url)
    assert done["report"]["events_new"] == 1


def test_items_and_customers_are_imported(database_url: str, tmp_path: Path) -> None:
    items, customers = tmp_path / "items.csv", tmp_path / "customers.csv"
    items.write_text("item_id,unit_price\na,2.50\n")
    customers.write_text("customer_id\nanna\n")
    first = told("items", items, "--currency", "EUR", "--database-url", database_url)
    second = told("customers", customers, "--database-url", database_url)
    assert [(done["kind"], done["report"]["changed"]) for done in (first, second)] == [("items", 1), ("customers", 1)]
    page = run("report", "--import", first["import_id"], "--html", tmp_path / "x.html", "--database-url", database_url)
    assert page.exit_code == 2
    assert not (tmp_path / "x.html").exists()


def test_an_export_that_is_equal_to_one_of_before_withdraws_consent(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    file, agreed = tmp_path / "customers.csv", []
    for channels in ('""', "email", '""'):
        file.write_text(f"customer_id,consented_channels\nanna,{channels}\n")
        done = told("customers", file, "--database-url", database_url)
        with database.reading() as snapshot:
            found = known.get(snapshot, "anna")
        assert found is not None
        agreed.append((done["imported_before"], list(found.customer.consented_channels)))
    assert agreed == [(False, []), (False, ["email"]), (True, [])]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--preset", "shopify"], "there is no 'shopify'; there are canonical, online-retail"),
        (["--preset", "online-retail"], "Choose another --preset, or write a --mapping"),
        (["--preset", "canonical", "--mapping", "x.yaml"], "exclude each other; give one"),
        (["--currency", "pounds"], "'pounds' is no ISO 4217 code"),
    ],
)
def test_a_refusal_names_the_way_out_and_writes_nothing(
    database_url: str, database: Database, file: Path, options: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    result = run("events", file, *options, "--database-url", database_url)

    assert result.exit_code == 2
    assert words in " ".join((result.output + capfd.readouterr().err).split())
    with database.reading() as snapshot:
        assert read_events(snapshot).is_empty()


def test_rows_of_one_customer_are_told(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,country\nanna,GB\nanna,FR\n,GB\n")

    said = run("customers", path, "--database-url", database_url).stdout

    assert "DUPLICATE_CUSTOMER_ID 1, MISSING_CUSTOMER_ID 1" in said


def test_the_log_says_who_imported_what(database: Database, database_url: str, file: Path, tmp_path: Path) -> None:
    people, address = tmp_path / "customers.csv", ("--database-url", database_url)
    people.write_text("customer_id,country\nanna,GB\n")
    for _ in range(2):
        told("events", file, "--currency", "GBP", *address)
    done = told("customers", people, *address)

    with database.reading() as snapshot:
        last, first = trail.page(snapshot, limit=5)
    assert (first.action, last.action, last.object_name) == ("events.import", "customers.import", "customers")
    assert last.after == {
        "import": done["import_id"], "file": "customers.csv", "rows_in": 1, "rejected": 0, "changed": 1,
    }  # fmt: skip

    command = ["--as", "ann:analyst", "import", "customers", str(people), *address]
    refused = copy_context().run(CliRunner().invoke, main, command)
    assert (refused.exit_code, "ann may not do this" in refused.stderr) == (2, True)
    assert audit_lines(database)[-1] == ("customers.import", "customers", "DENIED")


def test_a_file_that_may_have_been_cut_off_is_told(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,country\nanna,GB\nbert,G")
    said = run("customers", path, "--database-url", database_url).stderr
    assert "the last line of customers.csv has no end: if the file was cut off, its last row is not whole" in said
    path.write_text("customer_id,country\nanna,GB\nbert,GB\r\n")

    assert run("customers", path, "--database-url", database_url).stderr == ""


def test_files_of_events_are_read_once_more_after_a_readmission(
    database: Database, database_url: str, file: Path
) -> None:
    file.write_text(EVENTS.replace("2.50", "1.50", 1).replace("anna", "bert", 1) + ",2026-01-05,view,a,,\n")
    command = ("events", file, "--currency", "GBP", "--database-url", database_url)
    cause, reports = Cause(actor=Actor(name="olga"), now=datetime.now(UTC)), [told(*command)["report"]]
    with database.writing() as transaction:
        operation = erasure.begin(transaction, cause, "anna")
    assert told(*command)["report"] == reports[0]
    with database.writing() as transaction:
        operations.finish(transaction, operation.operation_id, {}, cause.now)
        erasure.readmit(transaction, cause, "anna")

    reports += [told(*command)["report"] for _ in range(2)]

    assert [(each["events_new"], each["events_known"], each["rejected"]) for each in reports] == [
        (2, 0, 1), (1, 1, 1), (1, 1, 1),
    ]  # fmt: skip


def test_without_imports_the_report_says_what_to_run(database_url: str) -> None:
    assert run("report", "--database-url", database_url).exit_code == 2


def test_nul_deep_in_a_row_that_is_not_taken_in_is_left_out(database_url: str, tmp_path: Path) -> None:
    file, out = tmp_path / "deep[1].jsonl", tmp_path / "rejected.csv"
    deep = {"a": ["\0b", "\\u0000"]}
    file.write_text(json.dumps({"customer_id": None, "time": "2026-01-05", "event_type": "view", "tags": deep}))

    done = told("events", file, "--database-url", database_url)
    told("report", "--import", done["import_id"][:8], "--rejected", out, "--database-url", database_url)

    with out.open(newline="", encoding="utf-8") as rows:
        assert json.loads(list(csv.reader(rows))[1][2])["tags"] == {"a": ["b", "\\u0000"]}
