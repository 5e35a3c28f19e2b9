"""The canonical form of a line is RFC 8785 and covers every column; nobody can take a seal away."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made.audit_log import sealed, write_lines
from made.campaigns import NOW, launch_campaign, make_plan, store_scores
from psycopg import sql

from campaigns.coupons import redemption
from database.audit import log, seals
from database.audit.log import AuditEntry
from database.audit.tables import AuditRow
from database.migrate import migrate
from database.reporting import refreshing
from database.session import Database, driver_connection

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
JSON = st.dictionaries(TEXT, TEXT | st.integers(-(2**53), 2**53) | st.none() | st.booleans(), max_size=3) | st.none()
ENTRIES = st.builds(
    AuditEntry, time=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)), actor=TEXT,  # noqa: DTZ001 - hypothesis adds the zone
    action=TEXT, object_name=TEXT, object_version=st.integers(-(2**63), 2**63 - 1) | st.none(), outcome=TEXT,
    before=JSON, after=JSON, basis=JSON, reason=TEXT | st.none(), request_id=TEXT | st.none(),
)  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def canonical(row: dict[str, Any]) -> bytes:
    """RFC 8785 for strings, whole numbers and null, whose names are ASCII."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(entry=ENTRIES)
def test_sql_writes_the_form_that_the_standard_says(database: Database, entry: AuditEntry) -> None:
    with database.writing() as transaction:
        log.append(transaction, entry)
        connection = driver_connection(transaction)
        connection.execute("SET LOCAL TIME ZONE 'Asia/Kathmandu'")
        stored = connection.execute(
            "SELECT before::text, after::text, basis::text, audit_id, transaction_id "
            "FROM audit_log ORDER BY audit_id DESC LIMIT 1"
        ).fetchone()
        assert stored is not None
        *documents, audit_id, transaction_id = stored
        (unsealed,) = (
            each for each in seals.unsealed(transaction, since=0, before=None, limit=10**6) if each.audit_id == audit_id
        )

    microseconds = (entry.time - EPOCH) // (datetime.resolution)
    assert unsealed.line == canonical(
        {
            "audit_id": audit_id, "transaction_id": transaction_id, "time": microseconds, "actor": entry.actor,
            "action": entry.action, "object_name": entry.object_name, "object_version": entry.object_version,
            "outcome": entry.outcome, "before": documents[0], "after": documents[1], "basis": documents[2],
            "reason": entry.reason, "request_id": entry.request_id,
        }
    )  # fmt: skip


def test_every_column_is_sealed(database: Database) -> None:
    write_lines(database, 1)
    with database.reading() as snapshot:
        (unsealed,) = seals.unsealed(snapshot, since=0, before=None, limit=9)

    assert json.loads(unsealed.line).keys() == set(AuditRow.__table__.columns.keys())


@pytest.mark.parametrize("table", ["audit_log", "audit_seals", "audit_checkpoints"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_log_and_chain_only_grow_even_for_their_owner(
    database: Database, database_url: str, table: str, statement: str
) -> None:
    write_lines(database, 1)
    sealed(database)
    column = sql.Identifier("audit_id" if table == "audit_log" else "hash")
    places = [sql.Identifier(table), column, column][: statement.count("{}")]

    with psycopg.connect(database_url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute(sql.SQL(statement).format(*places))
        kept = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert kept == (1,)


@pytest.fixture
def as_application(database_url: str) -> Iterator[str]:
    """The address of the same database for a login that the role of applications was granted to, and nothing else."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS shop_program")
        owner.execute("CREATE ROLE shop_program LOGIN IN ROLE tierwise_app")
        yield database_url.replace("//tierwise@", "//shop_program@")


@pytest.mark.parametrize("table", ["audit_log", "audit_seals", "audit_checkpoints"])
def test_an_application_may_add_and_read_and_do_nothing_else(
    database: Database, as_application: str, table: str
) -> None:
    write_lines(database, 1)
    sealed(database)
    column = "audit_id" if table == "audit_log" else "hash"
    statements = (
        f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}", f"DROP TABLE {table}",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL", "SET session_replication_role = replica",
    )  # fmt: skip
    with psycopg.connect(as_application, autocommit=True) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
        assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (1,)


@pytest.mark.parametrize("restored", [False, True])
def test_an_application_can_do_its_work_also_after_a_restore_that_knew_no_roles(
    as_application: str, database: Database, database_url: str, *, restored: bool
) -> None:
    if restored:
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute("DROP OWNED BY tierwise_app")
            owner.execute("GRANT EXECUTE ON FUNCTION refresh_report TO PUBLIC")
        migrate(database_url)
    application = Database.at(as_application)
    store_scores(application, {"anna": 9000, "ben": 10})
    launch_campaign(application, make_plan())
    with application.writing() as transaction:
        coupon, *_ = redemption.page(transaction, "spring", limit=5)
    sealed(application)
    with application.writing() as transaction:
        assert refreshing.refresh(transaction, "tiers", NOW)
    application.close()
    with psycopg.connect(database_url) as owner:
        anybody = owner.execute(
            "SELECT count(*) FROM pg_proc WHERE proname = 'refresh_report' AND proacl::text ~ '[{,]='"
        )
        assert anybody.fetchone() == (0,)

    assert coupon.customer_id == "anna"
    with database.reading() as snapshot:
        assert seals.last(snapshot) is not None
