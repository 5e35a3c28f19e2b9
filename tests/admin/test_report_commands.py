"""`tierwise report`: what analysts see as files, and logins that see nothing else."""

import csv
import re
from datetime import date
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from made.campaigns import audit_lines
from psycopg import errors
from running.shell import Shell
from shops.reporting_shop import LATER, ask

from admin.files import report_files
from database.reporting.views import views
from database.session import Database


def test_every_view_is_listed_with_its_version(reported_url: str) -> None:
    listed = Shell(reported_url)("report", "list")

    assert [each["view"] for each in listed] == [view.name for view in views()]
    tiers = next(each for each in listed if each["view"] == "tiers")
    assert (tiers["version"], tiers["stored"], tiers["as_of"]) == (2, True, str(LATER))


def test_columns_say_what_they_mean(reported_url: str) -> None:
    assert Shell(reported_url)("report", "columns", "tiers")[2] == {
        "name": "customers", "type": "bigint", "description": "Count.",
    }  # fmt: skip


def test_csv_is_what_an_analyst_sees(reported_url: str, tmp_path: Path) -> None:
    file = tmp_path / "migrations.csv"
    file.write_text("old")

    told = Shell(reported_url)("report", "export", "tier_migrations", "--to", str(file))

    assert told == {"view": "tier_migrations", "file": str(file), "bytes": file.stat().st_size}
    header, *rows = csv.reader(file.read_text().splitlines())
    assert header == ["day", "from_tier", "to_tier", "tier_scheme", "customers", "as_of"]
    assert ["2026-11-20", "MID", "HIGH", "1", "12", "2026-11-30 12:00:00+00"] in rows
    assert len(rows) == 4
    assert list(tmp_path.iterdir()) == [file]


def test_parquet_has_types_and_meanings_and_is_written_row_upon_row(
    reported_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_files, "ROWS_AT_ONCE", 50)
    file = tmp_path / "history.parquet"

    Shell(reported_url)("report", "export", "score_history", "--to", str(file))

    read = pq.ParquetFile(file)
    assert [read.metadata.row_group(number).num_rows for number in range(read.num_row_groups)] == [50] * 4 + [40]
    table = read.read()
    assert table.column_names[:3] == ["month", "customer", "model_id"]
    assert str(table.schema.field("as_of").type) == "timestamp[us, tz=UTC]"
    assert table.schema.field("churn").metadata[b"description"].startswith(b"Probability of no event")
    assert set(table["month"].to_pylist()) == {date(2026, 8, 1), date(2026, 11, 1)}
    shown = ask(reported_url, "SELECT customer, expected_spend_minor, as_of FROM reporting.score_history")
    kept = zip(*(table[name].to_pylist() for name in ("customer", "expected_spend_minor", "as_of")), strict=True)
    assert sorted(kept) == sorted(shown)


def test_every_view_can_be_exported(reported_url: str, tmp_path: Path) -> None:
    for view in views():
        file = tmp_path / f"{view.name}.parquet"
        Shell(reported_url)("report", "export", view.name, "--to", str(file))
        assert ask(reported_url, f"SELECT count(*) FROM reporting.{view.name}") == [(pq.read_metadata(file).num_rows,)]


@pytest.mark.parametrize(
    ("view", "file", "told"),
    [
        ("coupons", "c.csv", "coupons: no such view; there are audit, budgets,"),
        ("tiers; DROP TABLE coupons", "c.csv", "no such view"),
        ("tiers", "tiers.xlsx", "ending with .csv or .parquet"),
        ("tiers", "nowhere/tiers.csv", "a folder that exists"),
    ],
)
def test_what_cannot_be_exported_leaves_no_file(
    reported_url: str, tmp_path: Path, view: str, file: str, told: str
) -> None:
    assert told in Shell(reported_url).refusal("report", "export", view, "--to", str(tmp_path / file))

    assert list(tmp_path.iterdir()) == []


def test_a_login_reads_the_views_slowly_at_worst_until_it_is_revoked(database: Database, database_url: str) -> None:
    tierwise = Shell(database_url)

    made = tierwise("report", "login", "ada", "--reason", "quarterly report")

    assert re.fullmatch(r"[\w-]{32}", made["password"])
    where = database_url.replace("tierwise@", f"ada:{made['password']}@")
    with psycopg.connect(where) as connection:
        assert connection.execute("SELECT view FROM versions WHERE view = 'tiers'").fetchall() == [("tiers",)]
        limits = "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
        assert connection.execute(limits).fetchall() == [("1min", "1min")]
        with pytest.raises(errors.ReadOnlySqlTransaction), connection.transaction():
            connection.execute("CREATE TEMPORARY TABLE mine ()")
        with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
            connection.execute("SELECT customer_id FROM public.customers")
    assert "there is a role ada already" in tierwise.refusal("report", "login", "ada")

    assert tierwise("report", "revoke", "ada") == {"login": "ada", "revoked": True}
    with pytest.raises(psycopg.OperationalError, match="ada"):
        psycopg.connect(where)
    assert audit_lines(database) == [("reports.login", "logins", "OK"), ("reports.revoke", "logins", "OK")]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_who_left_something_behind_is_revoked_all_the_same(database_url: str, elsewhere: bool) -> None:  # noqa: FBT001
    tierwise = Shell(database_url)
    ours = psycopg.conninfo.make_conninfo(database_url, dbname="postgres") if elsewhere else database_url
    password = tierwise("report", "login", "eve")["password"]
    with psycopg.connect(ours, user="eve", password=password, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("SELECT lo_create(0)")

    assert tierwise("report", "revoke", "eve") == {"login": "eve", "revoked": True}
    with pytest.raises(psycopg.OperationalError, match="eve"):
        psycopg.connect(database_url, user="eve", password=password)
    with psycopg.connect(ours, autocommit=True) as connection:
        if elsewhere:
            connection.execute("DROP OWNED BY eve")
        connection.execute("DROP ROLE IF EXISTS eve")


def test_nobody_else_is_revoked_and_names_are_plain(database: Database, database_url: str) -> None:
    tierwise = Shell(database_url)

    assert "tierwise is not the login of an analyst" in tierwise.refusal("report", "revoke", "tierwise")
    assert "a lower-case letter, then" in tierwise.refusal("report", "login", 'x"; DROP')
    assert "PERMISSION_DENIED" in tierwise.refusal("--as", "anna:marketer", "report", "login", "anna")
    assert audit_lines(database) == [("reports.login", "logins", "DENIED")]
