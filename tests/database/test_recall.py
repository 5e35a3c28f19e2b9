"""However a history is recalled, from memory, in one piece or event by event, it is the same, and never an old one."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks.tiny_model import tiny_model

from database import erasure
from database.events import states, store
from database.events.memory import Memory
from database.events.recall import Recalled, glance, recall
from database.failures import Failure, failure_of
from database.glances import Glances
from database.session import Database, driver_connection
from events.event import EVENT_SCHEMA, Event, EventType
from events.history import Histories
from events.packing import FORMAT, unpacked
from scoring.scorer import Scorer
from server.scoring.session_histories import with_sessions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EXAMPLES = count()
ROOM = 2**20
KINDS = st.sampled_from(EventType)
ACTS = st.one_of(
    st.tuples(st.just("happen"), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), KINDS), max_size=4)),
    st.tuples(st.just("import"), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), KINDS), max_size=4)),
    st.tuples(st.just("erase"), st.integers(0, 2)),
    st.tuples(st.just("pack"), st.none()),
    st.tuples(st.just("ask"), st.none()),
)


def event(number: int, customer_id: str = "anna", *, minutes: int = 0, kind: EventType = EventType.VIEW) -> Event:
    return Event(
        event_id=f"{customer_id}-{number}", customer_id=customer_id, time=NOON + timedelta(minutes=minutes),
        event_type=kind, item_id=f"item-{number % 5}", order_id=f"order-{minutes}", unit_price_minor=1000 + number,
        quantity=number % 3 + 0.5, currency="GBP", channel="web" if number % 2 else None,
        text="a fine lamp" if kind is EventType.REVIEW else None,
    )  # fmt: skip


def record(database: Database, *what: Event) -> None:
    with database.writing() as transaction:
        store.insert_events(transaction, what)


def copy(database: Database, *what: Event) -> None:
    columns = {name: [getattr(each, name) for each in what] for name in EVENT_SCHEMA.names()}
    with database.writing() as transaction:
        store.copy_events(transaction, pl.DataFrame(columns, schema=EVENT_SCHEMA))


def erase(database: Database, customer_id: str) -> None:
    with database.writing() as transaction:
        erasure.delete_about(transaction, [customer_id])


def pack(database: Database, *customer_ids: str) -> int:
    with database.reading() as snapshot:
        known = recall(snapshot, customer_ids)
    with database.writing() as transaction:
        return states.keep(transaction, known.read)


@pytest.fixture
def glances(database: Database) -> Iterator[Glances]:
    made = Glances(database)
    yield made
    made.close()


def at_a_glance(glances: Glances, *customer_ids: str, memory: Memory) -> list[bytes | None]:
    return [each.packed for each in glance(glances, customer_ids, memory=memory, seconds=10)]


def recalled(database: Database, *customer_ids: str, memory: Memory | None = None) -> Recalled:
    """Checked against the events themselves, in the same snapshot."""
    with database.reading() as snapshot:
        known = recall(snapshot, customer_ids, memory=memory)
        assert_same(unpacked(known.packed, customer_ids), store.histories(snapshot, customer_ids))
    return known


def versions(database: Database, *customer_ids: str) -> list[int | None]:
    with database.reading() as snapshot:
        return [state.version for state in states.look(snapshot, customer_ids, [None] * len(customer_ids))]


def assert_same(one: Histories, other: Histories) -> None:
    for field in fields(Histories):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), field.name)


def test_each_change_moves_the_version_of_those_whom_it_touches(database: Database) -> None:
    record(database, event(1), event(1, "bert"))
    anna, bert = versions(database, "anna", "bert")

    record(database, event(1))
    assert versions(database, "anna", "bert") == [anna, bert], "it was recorded before"

    record(database, event(1), event(2))
    after_event, unmoved = versions(database, "anna", "bert")
    copy(database, event(3))
    after_import, _ = versions(database, "anna", "bert")
    erase(database, "anna")

    assert unmoved == bert
    assert versions(database, "anna") == [None]
    record(database, event(4))
    assert len({anna, after_event, after_import, *versions(database, "anna")}) == 4, "no version comes twice"


def test_a_history_comes_in_one_piece_once_it_was_kept_and_from_memory_once_it_was_seen(database: Database) -> None:
    record(database, event(1), event(2, minutes=-5), event(1, "bert"))
    memory = Memory(ROOM)

    assert [each.customer_id for each in recalled(database, "bert", "nobody", "anna").read] == ["bert", "anna"]
    assert pack(database, "anna", "bert") == 2
    packed = recalled(database, "bert", "anna", memory=memory)
    assert (packed.read, [state.history is None for state in packed.states]) == ([], [False, False])
    held = recalled(database, "anna", "bert", "anna", memory=memory)

    assert (held.read, [state.history for state in held.states]) == ([], [None] * 3)


def test_what_was_packed_is_not_kept_for_another_version_nor_for_nobody(database: Database) -> None:
    record(database, event(1), event(1, "bert"))
    with database.reading() as snapshot:
        old = recall(snapshot, ["anna", "bert"]).read
    record(database, event(2))
    erase(database, "bert")

    with database.writing() as transaction:
        assert states.keep(transaction, old) == 0
    assert recalled(database, "anna", "bert").states[1].version is None


def test_keeping_waits_for_nobody_who_records_events(database: Database) -> None:
    record(database, event(1), event(1, "bert"))
    with database.reading() as snapshot:
        read = recall(snapshot, ["anna", "bert"]).read

    with database.writing() as busy:
        store.insert_events(busy, [event(2)])
        with database.writing() as transaction:
            assert states.keep(transaction, read) == 1


def test_customers_of_before_there_were_versions_are_read_from_their_events(database: Database) -> None:
    record(database, event(1))
    with database.writing() as transaction:
        driver_connection(transaction).execute("DELETE FROM customer_states")
    memory = Memory(ROOM)

    assert recalled(database, "anna", memory=memory).read == []
    assert memory.size == 0
    with database.writing() as transaction:
        assert states.begin(transaction, ["anna", "nobody"]) == 1
        assert states.begin(transaction, ["anna"]) == 0
    assert len(recalled(database, "anna").read) == 1


def test_a_history_that_is_cut_off_still_reaches_back_from_any_time(database: Database) -> None:
    copy(database, *(event(number, minutes=number) for number in range(store.LATEST + 5)))
    pack(database, "anna")
    long_ago = NOON + timedelta(minutes=50)

    with database.reading() as snapshot:
        known = recall(snapshot, ["anna"], before=long_ago)
        assert_same(unpacked(known.packed, ["anna"]), store.histories(snapshot, ["anna"], before=long_ago))


def test_a_piece_of_another_release_is_read_from_its_events(database: Database) -> None:
    record(database, event(1))
    pack(database, "anna")
    with database.writing() as transaction:
        foreign = "UPDATE customer_states SET history = set_byte(history, 0, %s)"
        driver_connection(transaction).execute(foreign, (FORMAT + 1,))

    assert [each.customer_id for each in recalled(database, "anna").read] == ["anna"]


def test_memory_forgets_who_was_asked_about_least_lately(database: Database) -> None:
    names = [f"customer-{number}" for number in range(9)]
    record(database, *(event(1, name) for name in names))
    probe = Memory(ROOM)
    recalled(database, names[0], memory=probe)
    memory = Memory(4 * probe.size)

    recalled(database, *names[:4], memory=memory)
    recalled(database, names[0], memory=memory)
    recalled(database, *names[4:7], memory=memory)

    assert memory.size == 4 * probe.size
    assert [name for name in names if memory.find(name)] == [names[0], *names[4:7]]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(acts=st.lists(ACTS, max_size=12))
def test_whatever_happened_in_whichever_order_the_answer_is_that_of_the_events(
    database: Database, acts: Sequence[tuple[str, object]]
) -> None:
    names, memory = [f"{next(EXAMPLES)}-{place}" for place in range(3)], Memory(ROOM)
    scorer, numbers = Scorer(tiny_model()), count()

    for act, about in acts:
        match act, about:
            case ("happen" | "import") as way, list(told):
                made = [event(next(numbers), names[who], minutes=when, kind=kind) for who, when, kind in told]
                (record if way == "happen" else copy)(database, *made)
            case "erase", int(who):
                erase(database, names[who])
            case "pack", _:
                pack(database, *names)
            case _:
                recalled(database, *names, memory=memory)

    known = unpacked(recalled(database, *names, memory=memory).packed, names)
    session = [[replace(event(99, names[0]), time=NOON + timedelta(minutes=4))], [], []]
    as_of = np.full(3, (NOON + timedelta(minutes=6)).timestamp())
    with database.reading() as snapshot:
        plain = store.histories(snapshot, names, before=NOON + timedelta(minutes=6))
    assert scorer.score(with_sessions(known, session), as_of) == scorer.score(with_sessions(plain, session), as_of)


def test_a_glance_brings_what_need_not_be_read_event_by_event(database: Database, glances: Glances) -> None:
    record(database, event(1), event(1, "bert"))
    pack(database, "bert")
    memory = Memory(ROOM)

    first = at_a_glance(glances, "anna", "bert", "nobody", memory=memory)
    with database.reading() as snapshot:
        known = recall(snapshot, ["anna", "bert", "nobody"], memory=memory)
    then = at_a_glance(glances, "anna", "bert", "nobody", memory=memory)

    assert first == [None, *known.packed[1:]], "of whom nobody knows there is nothing to read"
    assert then == known.packed
    assert [each.state.known for each in glance(glances, ["anna", "nobody"], memory=memory, seconds=10)] == [
        True,
        False,
    ]
    record(database, event(2))
    assert at_a_glance(glances, "anna", "bert", memory=memory) == [None, known.packed[1]]


def test_what_a_glance_brought_is_remembered(database: Database, glances: Glances) -> None:
    record(database, event(1))
    pack(database, "anna")
    memory = Memory(ROOM)

    brought = at_a_glance(glances, "anna", memory=memory)
    (held,) = glance(glances, ["anna"], memory=memory, seconds=10)

    assert (held.state.history, [held.packed]) == (None, brought)


def test_a_glance_takes_no_longer_than_it_may(database: Database, glances: Glances) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        glances.rows("SELECT pg_sleep(%s)", (10,), seconds=0.02)
    assert glances.rows("SELECT current_setting('statement_timeout')", (), seconds=7) == [("7s",)]


def test_a_connection_of_a_glance_that_is_lost_meanwhile_fails_it_alone(glances: Glances) -> None:
    with pytest.raises(psycopg.Error) as lost:
        glances.rows("SELECT pg_terminate_backend(pg_backend_pid())", (), seconds=10)

    assert failure_of(lost.value) is Failure.AWAY
    assert glances.rows("SELECT 1", (), seconds=10) == [(1,)]


def test_a_connection_of_a_glance_that_was_lost_before_is_replaced(database: Database, glances: Glances) -> None:
    ((pid,),) = glances.rows("SELECT pg_backend_pid()", (), seconds=10)
    with database.writing() as transaction:
        driver_connection(transaction).execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))

    assert glances.rows("SELECT 1", (), seconds=10) == [(1,)]
