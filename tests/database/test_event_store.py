"""Events are recorded once by their id, whichever way they come, and come back as they were."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from database.events.store import (
    EventIdReused,
    EventKey,
    copy_events,
    histories,
    insert_events,
    page_of_events,
    read_events,
)
from database.session import Database, driver_connection
from events.event import EVENT_SCHEMA, Event, EventType
from events.history import Histories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FULL = Event(
    event_id="full", customer_id="anna", time=NOON + timedelta(microseconds=7), event_type=EventType.REVIEW,
    order_id="o-1", item_id="i-1", quantity=2.5, unit_price_minor=1999, currency="GBP", channel="web", rating=4,
    dwell_seconds=0.125, text='tabs\t, "quotes", \\backslashes\\n,\nlines\n\\.\r\nand ümlauts', attribution_token="t",
)  # fmt: skip
BARE = Event(event_id="bare", customer_id="bert", time=NOON, event_type=EventType.VIEW)


def frame_of(*events: Event) -> pl.DataFrame:
    names = EVENT_SCHEMA.names()
    return pl.DataFrame({name: [getattr(event, name) for event in events] for name in names}, schema=EVENT_SCHEMA)


def view(number: int, customer_id: str = "anna") -> Event:
    when = NOON + timedelta(minutes=number)
    return replace(BARE, event_id=f"view-{number}", customer_id=customer_id, time=when)


def customers(database: Database) -> list[str]:
    with database.reading() as snapshot:
        rows = driver_connection(snapshot).execute("SELECT customer_id FROM customers ORDER BY 1").fetchall()
    return [str(row[0]) for row in rows]


def test_what_is_inserted_comes_back_as_it_was(database: Database) -> None:
    with database.writing() as transaction:
        assert insert_events(transaction, [FULL, BARE]) == 2

    with database.reading() as snapshot:
        assert page_of_events(snapshot, "anna", after=None, limit=9) == [FULL]
        assert page_of_events(snapshot, "bert", after=None, limit=9) == [BARE]
    assert customers(database) == ["anna", "bert"]


def test_a_batch_sent_twice_is_recorded_once(database: Database) -> None:
    for expected in (2, 0):
        with database.writing() as transaction:
            assert insert_events(transaction, [FULL, BARE, FULL]) == expected

    with database.reading() as snapshot:
        assert read_events(snapshot).height == 2


def test_an_empty_batch_is_no_error(database: Database) -> None:
    with database.writing() as transaction:
        assert insert_events(transaction, []) == 0


def test_the_same_instant_in_another_zone_is_the_same_content(database: Database) -> None:
    with database.writing() as transaction:
        insert_events(transaction, [BARE])
        elsewhere = replace(BARE, time=BARE.time.astimezone(ZoneInfo("Asia/Tokyo")))
        assert insert_events(transaction, [elsewhere]) == 0


@pytest.mark.parametrize("recorded_before", [True, False])
def test_an_id_with_other_content_is_refused_and_nothing_is_written(
    database: Database, *, recorded_before: bool
) -> None:
    with database.writing() as transaction:
        insert_events(transaction, [view(1)])
    first = view(1) if recorded_before else view(2)
    batch = [view(3, "carl"), first, replace(first, channel="email")]

    with pytest.raises(EventIdReused) as refusal, database.writing() as transaction:
        insert_events(transaction, batch)

    assert refusal.value.event_ids == (first.event_id,)
    with database.reading() as snapshot:
        assert read_events(snapshot)["event_id"].to_list() == ["view-1"]
    assert customers(database) == ["anna"]


def test_a_frame_goes_in_and_comes_out_unchanged(database: Database) -> None:
    frame = frame_of(FULL, BARE)
    with database.writing() as transaction:
        assert copy_events(transaction, frame) == (2, 0)
        assert copy_events(transaction, frame) == (0, 0)

    with database.reading() as snapshot:
        assert_frame_equal(read_events(snapshot), frame)
        assert page_of_events(snapshot, "anna", after=None, limit=9) == [FULL]
    assert customers(database) == ["anna", "bert"]


def test_what_a_frame_says_otherwise_of_a_recorded_event_is_counted_and_left_out(database: Database) -> None:
    with database.writing() as transaction:
        insert_events(transaction, [FULL, BARE])

        assert copy_events(transaction, frame_of(replace(FULL, customer_id="carl"), BARE, view(1))) == (1, 1)

        assert page_of_events(transaction, "anna", after=None, limit=9) == [view(1), FULL]
        assert page_of_events(transaction, "carl", after=None, limit=9) == []


def test_a_copied_frame_may_have_its_columns_in_any_order(database: Database) -> None:
    with database.writing() as transaction:
        copy_events(transaction, frame_of(FULL).select(reversed(EVENT_SCHEMA.names())))
        assert page_of_events(transaction, "anna", after=None, limit=1) == [FULL]


def test_an_empty_store_reads_as_an_empty_frame(database: Database) -> None:
    with database.reading() as snapshot:
        assert read_events(snapshot).schema == EVENT_SCHEMA
        assert read_events(snapshot).is_empty()


def test_pages_join_without_gap_or_repeat_even_inside_one_instant(database: Database) -> None:
    events = [replace(BARE, event_id=name, time=NOON + timedelta(hours=name > "c")) for name in "abcdefg"]
    with database.writing() as transaction:
        insert_events(transaction, events)

    seen: list[str] = []
    after = None
    with database.reading() as snapshot:
        while page := page_of_events(snapshot, "bert", after=after, limit=2):
            seen += [event.event_id for event in page]
            after = EventKey(page[-1].time, page[-1].event_id)

    assert seen == ["g", "f", "e", "d", "c", "b", "a"]


def test_histories_are_what_the_frame_gives(database: Database) -> None:
    same_instant = [replace(FULL, event_id=name) for name in ("B", "a", "ä", "_")]
    odd = [
        replace(
            view(number, "carl"), event_id=f"odd-{number}", order_id=word, item_id=word * 2, channel=word, text=word,
            currency="EUR", quantity=1e-300, unit_price_minor=2**53 + 1,
        )
        for number, word in enumerate(("", "NULL", "null", "\\N", '{"a",b}', "\x01\x7f\ufeff", "\U0001f4a1" * 3000))
    ]  # fmt: skip
    with database.writing() as transaction:
        insert_events(transaction, [FULL, BARE, *same_instant, *map(view, range(5)), *odd])

    asked = ["carl", "bert", "nobody", "anna"]
    with database.reading() as snapshot:
        expected = Histories.from_frame(read_events(snapshot), asked)
        found = histories(snapshot, asked)

    for name in Histories.__slots__:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
        assert getattr(found, name).dtype == getattr(expected, name).dtype


def test_a_history_ends_before_the_instant_asked_and_keeps_the_latest(database: Database) -> None:
    with database.writing() as transaction:
        insert_events(transaction, [view(number) for number in range(6)])

    with database.reading() as snapshot:
        found = histories(snapshot, ["anna"], before=NOON + timedelta(minutes=4), limit=3)

    assert found.time.tolist() == [(NOON + timedelta(minutes=number)).timestamp() for number in (1, 2, 3)]


def test_histories_of_nobody_are_empty(database: Database) -> None:
    with database.reading() as snapshot:
        assert histories(snapshot, []).offsets.tolist() == [0]
        assert histories(snapshot, ["nobody"]).offsets.tolist() == [0, 0]


def test_a_sender_who_comes_while_another_writes_waits_and_is_told(database: Database) -> None:
    with ThreadPoolExecutor(1) as other:
        with database.writing() as transaction:
            insert_events(transaction, [view(1)])
            second = other.submit(_insert, database, [view(0), replace(view(1), channel="email")])
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        with pytest.raises(EventIdReused, match="view-1; send changes as new events"):
            second.result(timeout=10)
    with database.reading() as snapshot:
        assert page_of_events(snapshot, "anna", after=None, limit=9) == [view(1)]


def test_batches_that_overlap_in_opposite_orders_do_not_deadlock(database: Database) -> None:
    batch = [view(number, f"customer-{number % 7}") for number in range(60)]
    with ThreadPoolExecutor(4) as senders:
        orders = [batch if turn % 2 else batch[::-1] for turn in range(12)]
        new = sum(senders.map(lambda order: _insert(database, order), orders))
    assert new == 60


def _insert(database: Database, events: list[Event]) -> int:
    with database.writing() as transaction:
        return insert_events(transaction, events)
