"""Trouble with the database has a kind; mistakes have none."""

import psycopg
import pytest
from sqlalchemy import exc, text

from database import patience, session
from database.failures import Failure, failure_of
from database.session import Database, driver_connection


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.OperationalError("connection refused"), Failure.AWAY),
        (psycopg.errors.AdminShutdown("terminating"), Failure.AWAY),
        (psycopg.InterfaceError("the connection is closed"), Failure.AWAY),
        (psycopg.errors.TooManyConnections("too many"), Failure.BUSY),
        (exc.TimeoutError("QueuePool limit"), Failure.BUSY),
        (psycopg.errors.DeadlockDetected("deadlock"), Failure.CONFLICT),
        (psycopg.errors.SerializationFailure("could not serialize"), Failure.CONFLICT),
        (psycopg.errors.LockNotAvailable("lock timeout"), Failure.CONFLICT),
        (psycopg.errors.UniqueViolation("duplicate"), None),
        (psycopg.errors.SyntaxError("near"), None),
        (ValueError("ours"), None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_the_kind_of_trouble(error: Exception, kind: Failure | None) -> None:
    assert failure_of(error) is kind


def test_a_statement_that_outlives_its_patience_is_a_timeout(database: Database) -> None:
    with database.reading() as snapshot:
        patience.limit(snapshot, 0.02)
        with pytest.raises(exc.DBAPIError) as raised:
            snapshot.execute(text("SELECT pg_sleep(5)"))
        snapshot.rollback()

    assert failure_of(raised.value) is Failure.TIMEOUT


def test_an_address_where_nothing_answers_is_away() -> None:
    nowhere = Database.at("postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(exc.DBAPIError) as raised, nowhere.reading() as snapshot:
        snapshot.execute(text("SELECT 1"))

    assert failure_of(raised.value) is Failure.AWAY
    nowhere.close()


def lose_connections(database: Database, database_url: str) -> None:
    """End those that the database keeps open, behind its back."""
    with database.reading() as snapshot:
        pid = driver_connection(snapshot).info.backend_pid
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))


def answers(database: Database) -> object:
    with database.reading() as snapshot:
        return snapshot.scalar(text("SELECT 1"))


@pytest.mark.parametrize("believed", [0.0, 60.0])
def test_a_connection_that_was_lost_is_replaced_however_lately_it_was_used(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, believed: float
) -> None:
    monkeypatch.setattr(session, "BELIEVED_SECONDS", believed)
    lose_connections(database, database_url)

    assert answers(database) == 1


def test_neither_side_waits_for_one_that_is_gone(database: Database, database_url: str) -> None:
    with database.reading() as snapshot:
        kept = driver_connection(snapshot).info.get_parameters()
        checked = snapshot.execute(text("SHOW client_connection_check_interval")).scalar_one()

    assert kept.items() >= session.LOST_SERVER.items()
    assert checked == "1s"
    assert session.lost_server(f"{database_url}?connect_timeout=3") == {
        name: value for name, value in session.LOST_SERVER.items() if name != "connect_timeout"
    }
