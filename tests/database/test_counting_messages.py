"""Messages are counted day by day, and only what came or went: the same as if all there are were counted anew."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from database import erasure
from database.events import counting
from database.events.store import insert_events
from database.session import Database, Transaction
from events.event import Event, EventType

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
PEOPLE = ("anna", "ben", "carl")
ALL = text("""
SELECT (time AT TIME ZONE 'UTC')::date, event_type, coalesce(upper(channel), 'UNKNOWN'), count(*),
  count(DISTINCT customer_id)
FROM events WHERE event_type IN (6, 7) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
""")
KEPT = text("SELECT day, event_type, channel, messages, customers FROM counted_messages ORDER BY 1, 2, 3")
EMPTY = tuple(text(f"DELETE FROM {name}") for name in ("events", "counted_messages", "uncounted_messages"))
BY_HAND = tuple(
    text(statement)
    for statement in (
        "DELETE FROM events WHERE event_id IN (SELECT min(event_id) FROM events WHERE customer_id = :who)",
        """UPDATE events SET time = time + interval '1 day'
        WHERE event_id IN (SELECT max(event_id) FROM events WHERE customer_id = :who)""",
        "UPDATE events SET event_type = 7, channel = 'push' WHERE customer_id = :who AND event_type = 6",
    )
)
who = st.sampled_from(PEOPLE)
came = st.lists(
    st.tuples(
        who, st.sampled_from([-30.0, -1e-6, 0.0, 0.5, 1.0]), st.sampled_from(EventType),
        st.sampled_from([None, "EMAIL", "email", "SMS"]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip
steps = st.lists(
    st.tuples(st.just("come"), came) | st.tuples(st.just("erase"), who) | st.tuples(st.just("count"), st.none())
    | st.tuples(st.sampled_from(range(len(BY_HAND))), who),
    min_size=4, max_size=20,
)  # fmt: skip


def message(number: int, customer_id: str = "anna", days: float = 0.5) -> Event:
    time = MIDNIGHT + timedelta(days=days)
    return Event(event_id=f"m{number:05}", customer_id=customer_id, time=time, event_type=EventType.MESSAGE)


def count(database: Database) -> list[date]:
    """Whatever is due; which days that was."""
    with database.reading() as snapshot:
        due = counting.due(snapshot)
    for day in due:
        with database.writing() as transaction:
            assert counting.count(transaction, day)
    return due


def kept(database: Database) -> Sequence[object]:
    with database.reading() as snapshot:
        return snapshot.execute(KEPT).all()


def everything(database: Database) -> Sequence[object]:
    with database.reading() as snapshot:
        return snapshot.execute(ALL).all()


@given(steps=steps)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_counted_bit_by_bit_is_what_there_is(database: Database, steps: list[tuple[object, object]]) -> None:
    with database.writing() as transaction:
        for statement in EMPTY:
            transaction.execute(statement)
    for number, step in enumerate(steps):
        if step[0] == "count":
            count(database)
        else:
            with database.writing() as transaction:
                happen(transaction, step, number)
    count(database)

    assert kept(database) == everything(database)
    assert count(database) == [], "and nothing is counted twice"


def happen(transaction: Transaction, step: tuple[object, object], number: int) -> None:
    """One step of somebody else."""
    kind, what = step
    if kind == "come":
        assert isinstance(what, list)
        made = [
            Event(
                event_id=f"{number:02}-{place}", customer_id=customer_id, time=MIDNIGHT + timedelta(days=days),
                event_type=event_type, channel=channel,
            )
            for place, (customer_id, days, event_type, channel) in enumerate(what)
        ]  # fmt: skip
        insert_events(transaction, made)
    elif kind == "erase":
        erasure.delete_about(transaction, [str(what)])
    else:
        assert isinstance(kind, int)
        transaction.execute(BY_HAND[kind], {"who": what})


def test_what_commits_after_its_day_was_counted_is_counted_afterwards(database: Database) -> None:
    with database.writing() as transaction:
        insert_events(transaction, [message(1), message(2, "ben"), message(3, "ben", days=-3)])
    count(database)
    with database.writing() as slow, database.writing() as gone:
        insert_events(slow, [message(4, "carl")])
        erasure.delete_about(gone, ["anna"])
        with database.writing() as transaction:
            insert_events(transaction, [message(5, "ben")])
        assert count(database) == [MIDNIGHT.date()], "and no other day"
        assert kept(database) == everything(database)

    assert count(database) == [MIDNIGHT.date()]
    assert kept(database) == everything(database)


def test_an_erasure_reads_no_days_anew(database: Database) -> None:
    with database.writing() as transaction:
        insert_events(transaction, [message(1), message(2), message(3, "ben"), message(4, days=9)])
    count(database)
    with database.writing() as transaction:
        erasure.delete_about(transaction, ["anna"])
        whole = text("SELECT count(*) FROM uncounted_messages WHERE event_type IS NULL")
        assert transaction.execute(whole).scalar_one() == 0
    count(database)

    assert kept(database) == everything(database)
    assert [row[3:] for row in everything(database)] == [(1, 1)]  # type: ignore[index]
