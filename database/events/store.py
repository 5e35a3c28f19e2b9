"""The events that we remember: recorded once by their id, read by customer."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple
from datetime import datetime
from io import BytesIO
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from psycopg import sql

from database.copying import copy_frame
from database.events import states
from database.session import Snapshot, Transaction, driver_connection
from events.event import EVENT_SCHEMA, TIME, Event, EventType
from events.history import Histories

SLICE_ROWS = 100_000
"""Rows in one statement, which therefore ends within the statement timeout whatever the frame's size."""
LATEST = 2000
"""Events of a customer that a history holds."""
COLUMNS = sql.SQL(", ").join(map(sql.Identifier, EVENT_SCHEMA))
NEW_CUSTOMERS = "INSERT INTO customers (customer_id) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
NEW_EVENTS = sql.SQL("""
INSERT INTO events ({columns}) SELECT * FROM unnest(
  %s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::text[], %s::text[], %s::float8[], %s::bigint[],
  %s::text[], %s::text[], %s::smallint[], %s::float8[], %s::text[], %s::text[]
) ON CONFLICT DO NOTHING
""").format(columns=COLUMNS)
BY_ID = sql.SQL("SELECT {columns} FROM events WHERE event_id = ANY(%s)").format(columns=COLUMNS)
RECORDED = "SELECT event_id FROM events WHERE event_id = ANY(%s::text[])"
STAGE = sql.SQL("CREATE TEMPORARY TABLE event_stage ON COMMIT DROP AS SELECT {columns} FROM events LIMIT 0").format(
    columns=COLUMNS
)
STAGED_CUSTOMERS = """
INSERT INTO customers (customer_id) SELECT DISTINCT customer_id FROM event_stage ORDER BY 1 ON CONFLICT DO NOTHING
"""
# In the order of the histories, so that a customer's events lie side by side on disk.
STAGED_EVENTS = sql.SQL("""
INSERT INTO events ({columns}) SELECT {columns} FROM event_stage ORDER BY customer_id, time ON CONFLICT DO NOTHING
""").format(columns=COLUMNS)
DIFFERING = sql.SQL("""
SELECT count(*) FROM event_stage JOIN events AS kept USING (event_id)
WHERE ROW({staged}) IS DISTINCT FROM ROW({kept})
""").format(
    **{
        name: sql.SQL(", ").join(sql.Identifier(table, column) for column in EVENT_SCHEMA)
        for name, table in (("staged", "event_stage"), ("kept", "kept"))
    }
)
PAGE = sql.SQL("""
SELECT {columns} FROM events WHERE customer_id = %s AND (time, event_id) < (%s::timestamptz, %s)
  AND time >= %s::timestamptz AND event_type = ANY(%s::smallint[])
ORDER BY time DESC, event_id DESC LIMIT %s
""").format(columns=COLUMNS)
# Both orders are the index's own, so nothing is sorted: the caller asks and reads backwards. One row a customer, with
# numbers as bytes: as values of Python, cell by cell, they took eight times as long to read.
HISTORIES = """
SELECT event_types, times, quantities, prices, ratings, dwells, order_ids, item_ids, channels, texts
FROM unnest(%b::text[]) WITH ORDINALITY AS asked (customer_id, place)
CROSS JOIN LATERAL (
  SELECT string_agg(int2send(event_type), '') AS event_types,
    string_agg(float8send(date_part('epoch', time)), '') AS times,
    string_agg(float8send(coalesce(quantity, 'NaN')), '') AS quantities,
    string_agg(float8send(coalesce(unit_price_minor, 'NaN'::float8)), '') AS prices,
    string_agg(float8send(coalesce(rating, 'NaN'::float8)), '') AS ratings,
    string_agg(float8send(coalesce(dwell_seconds, 'NaN')), '') AS dwells,
    array_agg(order_id) AS order_ids, array_agg(item_id) AS item_ids, array_agg(channel) AS channels,
    array_agg(text) AS texts
  FROM (
    SELECT * FROM events WHERE customer_id = asked.customer_id AND time < %b::timestamptz
    ORDER BY time DESC, event_id DESC LIMIT %b
  ) AS latest
) AS history
ORDER BY place
"""
KIND, NUMBER = np.dtype(">i2"), np.dtype(">f8")
"""As PostgreSQL sends an event type, and every other number of a history."""
ALL_KINDS = tuple(EventType)
ALL = """
COPY (
  SELECT event_id, customer_id, (extract(epoch FROM time) * 1000000)::bigint, event_type, order_id, item_id, quantity,
    unit_price_minor, currency, channel, rating, dwell_seconds, text, attribution_token
  FROM events ORDER BY customer_id, time, event_id
) TO STDOUT (FORMAT csv)
"""


class EventIdReused(Exception):
    """An event id came with content that differs from what is recorded under it."""

    def __init__(self, event_ids: Sequence[str]) -> None:
        self.event_ids = tuple(event_ids)
        super().__init__(f"recorded before with other content: {', '.join(event_ids)}; send changes as new events")


class EventKey(NamedTuple):
    """The place of an event in its customer's history."""

    time: datetime
    event_id: str


class Copied(NamedTuple):
    """What became of a frame of events."""

    new: int
    differing: int
    """Recorded before under the same id with other content, which stays."""


def insert_events(transaction: Transaction, events: Sequence[Event]) -> int:
    """Record a small batch and the customers it names; returns how many events were new.

    Repeating a batch changes nothing. Raises EventIdReused, upon which the transaction must be rolled back.
    """
    if not events:
        return 0
    connection = driver_connection(transaction)
    # Everyone locks in the order of the ids, so that two batches that overlap cannot deadlock.
    ordered = sorted(events, key=lambda event: event.event_id)
    connection.execute(NEW_CUSTOMERS, (sorted({event.customer_id for event in ordered}),))
    columns = [list(column) for column in zip(*map(astuple, ordered), strict=True)]
    new = connection.execute(NEW_EVENTS, columns).rowcount
    if new < len(ordered):
        _refuse_other_content(transaction, ordered)
    if new:
        states.renew(transaction, list({event.customer_id for event in ordered}))
    return new


def copy_events(
    transaction: Transaction, frame: pl.DataFrame, *, known: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Copied:  # fmt: skip
    """Record a frame in EVENT_SCHEMA and the customers it names.

    With `known` this transaction has recorded the customers before. Whoever of them was erased meanwhile is not
    recorded again: that would be out of the order in which everybody records customers, and could deadlock.

    `progress` is told how many rows more were written. From here on others who record events of these customers wait
    for the transaction, so it should end soon.
    """
    new = differing = 0
    for part in frame.select(EVENT_SCHEMA.names()).sort("customer_id", "time").iter_slices(SLICE_ROWS):
        copied = _copy(transaction, part, known=known)
        new, differing = new + copied.new, differing + copied.differing
        progress(part.height)
    if new:
        states.renew(transaction, frame["customer_id"].unique().to_list())
    return Copied(new, differing)


def _copy(transaction: Transaction, part: pl.DataFrame, *, known: bool) -> Copied:
    connection = driver_connection(transaction)
    connection.execute(STAGE)
    copy_frame(connection, "event_stage", part)
    if not known:
        connection.execute(STAGED_CUSTOMERS)
    new = connection.execute(STAGED_EVENTS).rowcount
    differing = _differing(transaction) if new < part.height else 0
    connection.execute("DROP TABLE event_stage")
    return Copied(new, differing)


def _differing(transaction: Transaction) -> int:
    found = driver_connection(transaction).execute(DIFFERING).fetchone()
    assert found is not None, "an aggregate has one row"
    return int(str(found[0]))


def recorded_among(snapshot: Snapshot, event_ids: Sequence[str]) -> list[str]:
    """Those of these events that are recorded."""
    rows = driver_connection(snapshot).execute(RECORDED, (list(event_ids),)).fetchall()
    return [str(event_id) for (event_id,) in rows]


def histories(
    snapshot: Snapshot, customer_ids: Sequence[str], *, before: datetime | None = None, limit: int = LATEST
) -> Histories:
    """The latest `limit` events of each customer strictly before `before`, in the order of `customer_ids`.

    One query for all of them. A customer who is unknown gets an empty history.
    """
    asked = list(customer_ids)
    with driver_connection(snapshot).cursor(binary=True) as cursor:
        rows = cursor.execute(HISTORIES, (asked[::-1], before or "infinity", limit)).fetchall()
    event_types, times, quantities, prices, ratings, dwells, *strings = zip(*rows, strict=True) if rows else [()] * 10
    counts = [0 if each is None else len(each) // KIND.itemsize for each in event_types]
    order_ids, item_ids, channels, texts = map(_strings, strings)
    return Histories(
        customer_ids=np.array(asked, dtype=object),
        offsets=np.cumsum([0, *counts[::-1]]),
        time=_numbers(times),
        event_type=_numbers(event_types, KIND).astype(np.int8),
        order_id=order_ids,
        item_id=item_ids,
        quantity=_numbers(quantities),
        unit_price=_numbers(prices),
        channel=channels,
        rating=_numbers(ratings),
        dwell_seconds=_numbers(dwells),
        text=texts,
    )


def page_of_events(
    snapshot: Snapshot,
    customer_id: str,
    *,
    after: EventKey | None,
    limit: int,
    kinds: Collection[EventType] = ALL_KINDS,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Event]:
    """Up to `limit` events of one customer, newest first, beginning behind the key `after`, from a span of time."""
    # No id is below the empty one, so this key leaves out the time itself.
    behind = after or (until or "infinity", "")
    asked = (customer_id, *behind, since or "-infinity", [int(kind) for kind in kinds], limit)
    rows = driver_connection(snapshot).execute(PAGE, asked).fetchall()
    return [_event(row) for row in rows]


def read_events(snapshot: Snapshot) -> pl.DataFrame:
    """Every event in EVENT_SCHEMA, by customer and time: for training. About 150 bytes a row while it is read."""
    buffer = BytesIO()
    with driver_connection(snapshot).cursor() as cursor, cursor.copy(ALL) as copy:
        for block in copy:
            buffer.write(block)
    buffer.seek(0)
    stored = pl.Schema({name: pl.Int64() if kind == TIME else kind for name, kind in EVENT_SCHEMA.items()})
    frame = pl.read_csv(buffer, has_header=False, schema=stored)
    return frame.with_columns(pl.from_epoch("time", time_unit="us").dt.replace_time_zone("UTC")).cast(EVENT_SCHEMA)


def _refuse_other_content(transaction: Transaction, events: Sequence[Event]) -> None:
    rows = driver_connection(transaction).execute(BY_ID, ([event.event_id for event in events],)).fetchall()
    recorded = {event.event_id: event for event in map(_event, rows)}
    reused = sorted({event.event_id for event in events if recorded[event.event_id] != event})
    if reused:
        raise EventIdReused(reused)


def _event(row: tuple[Any, ...]) -> Event:
    event_id, customer_id, time, event_type, *details = row
    return Event(**dict(zip(EVENT_SCHEMA, (event_id, customer_id, time, EventType(event_type), *details), strict=True)))


def _numbers(columns: Iterable[bytes | None], kind: "np.dtype[Any]" = NUMBER) -> npt.NDArray[np.float64]:
    """Of all customers, which came backwards."""
    whole = np.frombuffer(b"".join(filter(None, columns)), kind)
    return whole[::-1].astype(kind.newbyteorder("="))


def _strings(columns: Iterable[Sequence[str | None] | None]) -> npt.NDArray[np.object_]:
    """Likewise."""
    whole = list(chain.from_iterable(filter(None, columns)))
    whole.reverse()
    return np.array(whole, dtype=object)
