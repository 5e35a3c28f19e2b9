"""A file is stored once, all of it or nothing, however the process ends."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import psycopg
import pytest
from running.lock_waits import waiters
from running.worker_processes import wait_for
from sqlalchemy import text

from database import erasure
from database.customers import tombstones
from database.events import availability, states
from database.events.items import read_items
from database.events.store import insert_events, read_events
from database.imports import FileChanged, Import, find_import, latest_import, store_attributes, store_events
from database.session import Database
from events import attributes
from events.event import CUSTOMER_SCHEMA, EVENT_SCHEMA, Event, EventType
from events.files.reading import REJECTED_SCHEMA, rejected_rows
from events.formats import FileFormat
from events.loading import Loaded, load_events

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CSV = """customer_id,time,event_type,item_id,quantity,unit_price,title,country,colour
anna,2026-01-05,purchase,a,1,2.50,Lantern,GB,red
bert,2026-01-05,purchase,b,2,1.00,Cup,FR,red
,2026-01-05,purchase,a,1,2.50,Lantern,GB,"b""l\\ue"
bert,2026-01-06,purchase,b,2,0,Cup,FR,red
"""
TABLES = ("events", "items", "customers", "imports", "rejected_rows")
KILLED_WHILE_WRITING = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from database.imports import store_events
from database.session import Database
from events.loading import load_events
from events.files.reading import rejected_rows
url, path = sys.argv[1], Path(sys.argv[2])
loaded = load_events(path, currency="GBP", now=datetime(2026, 6, 1, tzinfo=UTC))
with Database.at(url).writing() as transaction:
    store_events(
        transaction, loaded, rejected_rows(path, loaded.rejected), import_id="one", file_name=path.name,
        progress=lambda rows: os.kill(os.getpid(), signal.SIGKILL),
    )
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two good rows, one without a customer, one at no price."""
    path = tmp_path / "shop.csv"
    path.write_text(CSV)
    return path


def load(path: Path, file_format: FileFormat | None = None) -> Loaded:
    return load_events(path, file_format, currency="GBP", now=NOW)


def store(
    database: Database, path: Path, import_id: str = "one", file_format: FileFormat | None = None
) -> Import | None:
    loaded = load(path, file_format)
    with database.writing() as transaction:
        rejected = rejected_rows(path, loaded.rejected)
        return store_events(transaction, loaded, rejected, import_id=import_id, file_name=path.name)


def contents(database_url: str) -> dict[str, list[tuple[object, ...]]]:
    with psycopg.connect(database_url) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2".encode()).fetchall() for table in TABLES
        }


def test_a_file_brings_events_items_customers_and_its_report(database: Database, path: Path) -> None:
    done = store(database, path)

    assert done is not None
    with database.reading() as snapshot:
        assert read_events(snapshot).sort("customer_id").equals(load(path).events.sort("customer_id"))
        assert read_items(snapshot).select("item_id", "title", "unit_price_minor").rows() == [
            ("a", "Lantern", 250),
            ("b", "Cup", 100),
        ]
        assert find_import(snapshot, "on") == latest_import(snapshot) == done
    assert (done.kind, done.file_name) == ("events", "shop.csv")
    assert (done.report["events_new"], done.report["events_known"], done.report["rejected"]) == (2, 0, 2)


def test_rejected_rows_are_kept_as_they_were(database: Database, database_url: str, path: Path) -> None:
    store(database, path)

    kept = {row[1]: (row[2], row[3]) for row in contents(database_url)["rejected_rows"]}
    assert {number: reason for number, (reason, _) in kept.items()} == {
        3: "MISSING_CUSTOMER_ID",
        4: "NON_POSITIVE_PRICE",
    }
    assert kept[3][1] == {
        "customer_id": None, "time": "2026-01-05", "event_type": "purchase", "item_id": "a", "quantity": "1",
        "unit_price": "2.50", "title": "Lantern", "country": "GB", "colour": 'b"l\\ue',
    }  # fmt: skip


def test_the_same_file_twice_changes_nothing(database: Database, database_url: str, path: Path) -> None:
    store(database, path)
    before = contents(database_url)

    assert store(database, path) is None

    assert contents(database_url) == before


def test_a_longer_export_adds_only_what_is_new(database: Database, path: Path, tmp_path: Path) -> None:
    store(database, path)
    longer = tmp_path / "longer.csv"
    longer.write_text(CSV + "bert,2026-01-07,purchase,b,1,1.00,Cup,FR,red\n")

    done = store(database, longer, "two")

    assert done is not None
    assert (done.report["events_new"], done.report["events_known"]) == (1, 2)
    with database.reading() as snapshot:
        assert read_events(snapshot).height == 3


def test_what_cleaning_makes_of_the_rest_of_a_file_that_grows_counts_nothing_twice(
    database: Database, tmp_path: Path
) -> None:
    """The mean price moves with each row, and what was bought in the morning is brought back in the evening."""
    till = FileFormat.model_validate(
        {
            "columns": {name: name for name in ("customer_id", "time", "item_id", "quantity", "unit_price")},
            "event_type": {"constant": "purchase", "return_negative_quantity": True},
            "cleaning": {"missing_values": {"fields": {"unit_price": "mean"}}},
        }
    )
    morning = "customer_id,time,item_id,quantity,unit_price\nanna,2026-01-05 10:00,a,1,10\nbert,2026-01-05 11:00,a,1,\n"
    evening = morning + "carl,2026-01-05 18:00,a,1,20\nanna,2026-01-05 19:00,a,-1,10\n"
    path = tmp_path / "till.csv"

    reports = []
    for place, content in enumerate((morning, evening, evening + "carl,2026-01-06 09:00,a,1,90\n")):
        path.write_text(content)
        done = store(database, path, str(place), till)
        assert done is not None
        reports.append(
            [done.report[name] for name in ("events_new", "events_known", "events_differing", "late_returns")]
        )

    with database.reading() as snapshot:
        events = read_events(snapshot).select("customer_id", "event_type", "unit_price_minor").rows()
    assert events == [
        ("anna", EventType.PURCHASE, 1000),
        ("anna", EventType.RETURN, 1000),
        ("bert", EventType.PURCHASE, 1000),
        ("carl", EventType.PURCHASE, 2000),
        ("carl", EventType.PURCHASE, 9000),
    ]
    assert reports == [[2, 0, 0, 0], [2, 1, 1, 1], [1, 3, 1, 1]]


def test_a_file_leaves_out_who_was_erased(database: Database, database_url: str, path: Path, tmp_path: Path) -> None:
    path.write_text(CSV + "anna\u3000,2026-01-06,purchase,b,2,0,Cup,FR,red\n")
    with database.writing() as transaction:
        tombstones.keep(transaction, "anna", NOW)
    people = tmp_path / "people.csv"
    people.write_text("customer_id,country\nanna,GB\nbert,FR\n")

    done = store(database, path)
    with database.writing() as transaction:
        file = attributes.read_customers(people)
        rejected = rejected_rows(people, file.rejected)
        attributed = store_attributes(transaction, file, rejected, import_id="people", file_name=people.name)

    assert done is not None
    assert attributed is not None
    told = ("events_new", "erased_customers", "erased_events")
    assert [done.report[each] for each in told] == [2, 1, 1]
    assert attributed.report["erased_customers"] == 1
    kept = contents(database_url)
    assert [row[0] for row in kept["customers"]] == ["bert"]
    assert [row[1] for row in kept["events"]] == ["bert"]
    assert [row[1] for row in kept["rejected_rows"]] == [3, 4]


def test_a_killed_import_leaves_nothing_and_can_be_repeated(database: Database, database_url: str, path: Path) -> None:
    empty = contents(database_url)
    command = [sys.executable, "-c", KILLED_WHILE_WRITING, database_url, str(path)]
    killed = subprocess.run(command, cwd=Path(__file__).parents[2], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()

    assert contents(database_url) == empty
    done = store(database, path)
    assert done is not None
    assert done.report["events_new"] == 2


def test_a_file_that_changes_meanwhile_is_refused_whole(database: Database, database_url: str, path: Path) -> None:
    empty = contents(database_url)
    loaded = load(path)

    with (
        pytest.raises(FileChanged, match="2 rows were rejected and 0 of them found again"),
        database.writing() as transaction,
    ):
        store_events(transaction, loaded, [REJECTED_SCHEMA.to_frame()], import_id="one", file_name="shop.csv")

    assert contents(database_url) == empty


def test_of_too_many_rejected_rows_the_first_are_kept_and_the_others_counted(
    database: Database, database_url: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = pl.concat(rejected_rows(path, load(path).rejected))["content"].str.len_bytes()
    monkeypatch.setattr("database.imports.KEPT_BYTES", sizes.sum() - 1)

    done = store(database, path)

    assert done is not None
    assert (done.report["rejected"], done.report["rejected_not_kept"]) == (2, 1)
    assert [row[1] for row in contents(database_url)["rejected_rows"]] == [3]


def test_a_large_file_is_written_in_slices(database: Database, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("database.events.store.SLICE_ROWS", 7)
    template = load(path).events.head(1)
    ids = [f"e{number:03}" for number in range(30)]
    many = pl.concat([template] * 30).with_columns(pl.Series("event_id", ids)).select(EVENT_SCHEMA.names())
    loaded = replace(load(path), events=many, rejected=load(path).rejected.head(0))
    seen: list[int] = []

    with database.writing() as transaction:
        store_events(transaction, loaded, [], import_id="big", file_name="big", progress=seen.append)

    assert seen == [7, 7, 7, 7, 2]
    with database.reading() as snapshot:
        assert read_events(snapshot)["event_id"].to_list() == ids


def test_without_imports_there_is_none_to_find(database: Database) -> None:
    with database.reading() as snapshot:
        assert find_import(snapshot, "one") is None
        assert latest_import(snapshot) is None


def test_an_ambiguous_beginning_of_an_id_finds_none(database: Database, path: Path) -> None:
    store(database, path, "id-1")
    store(database, path, "id-2")
    with database.reading() as snapshot:
        assert find_import(snapshot, "id-") is None
        assert find_import(snapshot, "id%") is None
        found = find_import(snapshot, "id-2")
    assert found is not None
    assert found.import_id == "id-2"


def test_a_catalogue_says_what_can_be_had_and_says_nothing_where_it_is_silent(
    database: Database, tmp_path: Path
) -> None:
    path, told = tmp_path / "items.csv", []
    for content in ("a,no\nb,no\nc,yes\n", "a,yes\nb,\nd,no\n", "a,yes\nb,\nd,no\n"):
        path.write_text(f"item_id,available\n{content}")
        with database.writing() as transaction:
            done = store_attributes(transaction, attributes.read_items(path), [], import_id=content, file_name="i")
        with database.reading() as snapshot:
            gone = availability.unavailable(snapshot)
            told.append((done.report["availability_changed"], gone.split(), availability.revision(snapshot)))

    assert [each[:2] for each in told] == [(2, ["a", "b"]), (2, ["b", "d"]), (0, ["b", "d"])]
    assert told[0][2] < told[1][2] == told[2][2]


def test_catalogues_and_customers_that_come_again_change_nothing(database: Database, tmp_path: Path) -> None:
    items, customers = tmp_path / "items.csv", tmp_path / "customers.csv"
    items.write_text("item_id,title\na,Lantern\n,Nameless\n")
    customers.write_text("customer_id,country\nanna,GB\n")
    for file, path in ((attributes.read_items(items), items), (attributes.read_customers(customers), customers)):
        for again in (False, True):
            with database.writing() as transaction:
                rejected = rejected_rows(path, file.rejected)
                done = store_attributes(transaction, file, rejected, import_id=path.name, file_name=path.name)
            assert done.report["changed"] == (0 if again else 1)
    with database.reading() as snapshot:
        found = find_import(snapshot, "items.csv")
    assert found is not None
    assert (found.kind, found.report["rows_in"], found.report["reasons"]) == ("items", 2, {"MISSING_ITEM_ID": 1})


def test_a_customer_erased_while_a_file_is_imported_makes_nobody_wait_crosswise(
    database: Database, database_url: str, path: Path
) -> None:
    names = ["anna", "ben", "cleo"]
    views = [Event(event_id=f"view-{who}", customer_id=who, time=NOW, event_type=EventType.VIEW) for who in names]
    columns = {name: [getattr(each, name) for each in views] for name in EVENT_SCHEMA.names()}
    known = pl.DataFrame({"customer_id": names, "country": "GB"})
    file = replace(
        load(path), events=pl.DataFrame(columns, schema=EVENT_SCHEMA), rejected=load(path).rejected.head(0),
        customers=known.match_to_schema(CUSTOMER_SCHEMA, missing_columns="insert"),
    )  # fmt: skip

    def imported() -> None:
        with database.writing() as transaction:
            store_events(transaction, file, [], import_id="one", file_name="shop.csv")

    def recorded() -> int:
        with database.writing() as transaction:
            return insert_events(transaction, [replace(each, event_id=f"{each.event_id}-2") for each in views])

    with psycopg.connect(database_url) as editor, ThreadPoolExecutor(2) as others:
        editor.execute("INSERT INTO customers (customer_id, country) VALUES ('anna', 'GB'), ('ben', NULL)")
        editor.commit()
        editor.execute("SELECT FROM customers WHERE customer_id = 'ben' FOR UPDATE")
        importing = others.submit(imported)
        wait_for(lambda: waiters(database) == 1)
        with database.writing() as transaction:
            erasure.erase(transaction, "anna", pseudonym="erased-1", now=NOW)
        recording = others.submit(recorded)
        # It has added anna anew, and waits for cleo.
        wait_for(lambda: waiters(database) == 2)
        editor.rollback()

        importing.result(timeout=20)
        assert recording.result(timeout=20) == 3


def test_an_erasure_holds_nothing_while_it_waits_for_the_customer(database: Database, database_url: str) -> None:
    def erased() -> None:
        with database.writing() as transaction:
            erasure.erase(transaction, "anna", pseudonym="erased-1", now=NOW)

    with database.writing() as transaction:
        insert_events(transaction, [Event(event_id="1", customer_id="anna", time=NOW, event_type=EventType.VIEW)])
    with ThreadPoolExecutor(1) as others:
        with database.writing() as transaction:
            # As an import that completes the country, and then renews the state.
            transaction.execute(text("UPDATE customers SET country = 'GB'"))
            waiting = others.submit(erased)
            wait_for(lambda: waiters(database) == 1)
            states.renew(transaction, ["anna"])
        waiting.result(timeout=20)
