"""Trouble with the database has a kind; mistakes have none."""

import traceback

import psycopg
import pytest
from running.databases import Cluster
from running.worker_processes import wait_for
from sqlalchemy import exc, text

from database import patience, session
from database.failures import Failure, failure_of, in_a_line
from database.migrate import migrate
from database.session import BadAddress, Database, driver_connection
from database.work import broker


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.OperationalError("connection refused"), Failure.AWAY),
        (psycopg.errors.AdminShutdown("terminating"), Failure.AWAY),
        (psycopg.InterfaceError("the connection is closed"), Failure.AWAY),
        (psycopg.errors.ReadOnlySqlTransaction("a server that another one follows"), Failure.AWAY),
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


@pytest.mark.parametrize(
    "said",
    [
        "connection failed: … FATAL:  sorry, too many clients already",
        "connection failed: … FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
    ],
)
def test_what_a_server_that_is_full_says_is_busy(said: str) -> None:
    assert failure_of(psycopg.OperationalError(said)) is Failure.BUSY


def test_a_server_that_has_no_room_for_one_more_is_busy(postgres: Cluster) -> None:
    postgres.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 0")
    refused = Database.at(postgres.url("postgres").replace("tierwise@", "narrow@"))
    try:
        with (
            pytest.raises(exc.DBAPIError, match="too many connections for role") as raised,
            refused.reading() as snapshot,
        ):
            snapshot.execute(text("SELECT 1"))
    finally:
        refused.close()
        postgres.execute("DROP ROLE narrow")

    assert failure_of(raised.value) is Failure.BUSY


def lose_connections(database: Database, database_url: str) -> None:
    """End those that the database keeps open, behind its back."""
    with database.reading() as snapshot:
        pid = driver_connection(snapshot).info.backend_pid
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))


def answers(database: Database) -> object:
    with database.reading() as snapshot:
        return snapshot.scalar(text("SELECT 1"))


def others(database: Database) -> object:
    """How many more connections of this database there are."""
    found = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with database.reading() as snapshot:
        return snapshot.scalar(text(f"{found} AND backend_type = 'client backend'"))


@pytest.mark.parametrize("believed", [0.0, 60.0])
def test_a_connection_that_was_lost_is_replaced_however_lately_it_was_used(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, believed: float
) -> None:
    monkeypatch.setattr(session, "BELIEVED_SECONDS", believed)
    lose_connections(database, database_url)

    assert answers(database) == 1


def test_whoever_is_told_that_no_writes_are_taken_connects_anew(
    postgres: Cluster, database: Database, database_url: str
) -> None:
    name = database_url.rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with database.reading() as one, database.reading() as other:
        before = {driver_connection(each).info.backend_pid for each in (one, other)}
    with pytest.raises(exc.InternalError) as raised, database.writing() as transaction:
        transaction.execute(text("CREATE TABLE written ()"))
    postgres.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    assert (failure_of(raised.value), len(before)) == (Failure.AWAY, 2)
    with database.writing() as transaction, database.reading() as other:
        after = {driver_connection(each).info.backend_pid for each in (transaction, other)}
        transaction.execute(text("CREATE TABLE written ()"))
    assert not before & after


def test_everything_that_the_address_says_counts_for_the_queues_too(database_url: str) -> None:
    broker.install(database_url)
    options = broker.broker_options(f"{database_url}?application_name=till", redeliver_seconds=3)
    queues = broker.Queues(**options["queues"])
    assert queues.pool is not None
    with queues.pool.connection() as connection:
        said = connection.info.get_parameters()
    queues.close()

    assert (said["application_name"], said["target_session_attrs"]) == ("till", "read-write")


GIVEN_UP = {
    "client_connection_check_interval": "1s", "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4", "tcp_user_timeout": "30000", "idle_in_transaction_session_timeout": "10min",
}  # fmt: skip


def test_neither_side_waits_for_one_that_is_gone(database: Database, database_url: str) -> None:
    with database.reading() as snapshot:
        kept = driver_connection(snapshot).info.get_parameters()
        told = {name: snapshot.execute(text(f"SHOW {name}")).scalar_one() for name in GIVEN_UP}

    assert kept.items() >= session.LOST_SERVER.items()
    assert told == GIVEN_UP
    expected = {**session.LOST_SERVER, **session.ENCODED}
    del expected["connect_timeout"]
    assert session.unsaid(f"{database_url}?connect_timeout=3") == expected


THEIRS = {
    "default_transaction_isolation": "repeatable read", "datestyle": "SQL, DMY", "intervalstyle": "sql_standard",
    "search_path": "theirs", "timezone": "America/Sao_Paulo", "extra_float_digits": "0", "client_encoding": "LATIN1",
}  # fmt: skip


def test_what_statements_mean_is_ours_to_say(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with psycopg.connect(database_url, autocommit=True) as owner:
        for name, value in THEIRS.items():
            owner.execute(f"ALTER DATABASE {owner.info.dbname} SET {name} = '{value}'".encode())
    database = Database.at(database_url)
    queues = broker.Queues(**broker.broker_options(database_url, redeliver_seconds=3)["queues"])
    assert queues.pool is not None
    with database.writing() as transaction, queues.pool.connection() as connection:
        for cursor in (driver_connection(transaction), connection):
            said = [cursor.execute(f"SHOW {name}".encode()).fetchone() for name in THEIRS]
            assert said == [("read committed",), ("ISO, MDY",), ("postgres",), ("public",), ("UTC",), ("1",), ("UTF8",)]
    queues.close()
    database.close()
    migrate(database_url)


def test_no_statement_is_compiled_before_it_is_answered(database: Database) -> None:
    with database.reading() as snapshot:
        assert snapshot.execute(text("SHOW jit")).scalar_one() == "off"


def test_a_transaction_that_stood_still_for_too_long_is_over_and_may_be_tried_again(database: Database) -> None:
    def stand_still() -> None:
        with database.writing() as transaction:
            transaction.execute(text("SET idle_in_transaction_session_timeout = '1ms'"))
            wait_for(lambda: not others(database))
            transaction.execute(text("SELECT 1"))

    with pytest.raises(exc.DBAPIError) as stopped:
        stand_still()

    assert failure_of(stopped.value) is Failure.AWAY
    assert answers(database) == 1


def test_of_several_servers_the_one_that_is_there_and_takes_writes_is_spoken_to(database_url: str) -> None:
    several = database_url.replace("@", "@127.0.0.1:1,")

    database = Database.at(several)
    assert answers(database) == 1
    database.close()
    broker.install(several)
    migrate(several)

    assert session.unsaid(several)["target_session_attrs"] == "read-write"
    assert "target_session_attrs" not in session.unsaid(database_url)
    assert session.unsaid(f"{several}?target_session_attrs=any") == {**session.LOST_SERVER, **session.ENCODED}
    assert broker.broker_url(several, scheme="pgmq") == "pgmq://tierwise@127.0.0.1:1" + several[several.rindex("/") :]


@pytest.mark.parametrize("url", ["mysql://shop:hunter2@db/x", "postgresql://shop:hunter2%@db/x", "hunter2"])
def test_an_address_that_is_none_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(BadAddress, match="must look like postgresql://") as raised:
        Database.at(url)

    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_what_is_logged_of_an_error_names_nobody(database: Database) -> None:
    with pytest.raises(exc.DBAPIError) as raised, database.reading() as snapshot:
        snapshot.execute(text("SELECT 1 / :zero, :who"), {"zero": 0, "who": "anna@example.com"})

    assert "anna" not in str(raised.value)
    assert in_a_line(raised.value) == "DivisionByZero: division by zero"
