"""What a replica is told of customers, however it is read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from database.events import store
from database.events.memory import Memory
from database.session import Database, driver_connection
from events.event import Event, EventType
from events.packing import rows
from scoring.pool.row import Loaded
from scoring.replicas.asking import asked_of
from server.scoring.loading import Loading, Question

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def loading(database: Database) -> Iterator[Loading]:
    made = Loading(database, Memory(2**20))
    yield made
    made.close()


def record(database: Database, customer_id: str, *minutes: int) -> None:
    with database.writing() as transaction:
        store.insert_events(
            transaction,
            [
                Event(
                    event_id=f"{customer_id}-{each}", customer_id=customer_id, time=NOON + timedelta(minutes=each),
                    event_type=EventType.VIEW,
                )
                for each in minutes
            ],
        )  # fmt: skip


def question(customer_id: str, *, as_of: datetime | None = None) -> Question:
    return Question(customer_id=customer_id, session=(), as_of=as_of, now=NOON + timedelta(hours=1))


def loaded(loading: Loading, *questions: Question) -> list[int | str]:
    """How many events each is told with, or who is not there."""
    return [
        rows(asked_of(each.payload).history) if isinstance(each, Loaded) else str(each)
        for each in loading.load(questions, 10.0)
    ]


def test_each_question_is_loaded_in_its_place_by_whichever_way(database: Database, loading: Loading) -> None:
    record(database, "anna", 0, 30)
    record(database, "bert", 0)
    assert loaded(loading, question("anna")) == [2], "anna is remembered from now on"

    found = loaded(
        loading, question("bert"), question("nobody"), question("anna"),
        question("anna", as_of=NOON + timedelta(minutes=10)),
    )  # fmt: skip

    assert found == [1, "there is no customers/nobody", 2, 2]
    record(database, "anna", 45)
    assert loaded(loading, question("anna"), question("anna")) == [3, 3]


def test_a_connection_that_was_lost_meanwhile_is_nothing_to_whoever_asks(database: Database, loading: Loading) -> None:
    record(database, "anna", 0)
    assert loaded(loading, question("anna")) == [1]
    with database.writing() as transaction:
        others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        own = "AND datname = current_database() AND backend_type = 'client backend'"
        driver_connection(transaction).execute(f"{others} {own}".encode())

    assert loaded(loading, question("anna")) == [1]
