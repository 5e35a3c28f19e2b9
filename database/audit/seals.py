"""The chain that seals the audit log: which lines may be sealed, and the chain as it stands."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

import psycopg
from psycopg import sql
from sqlalchemy import insert, select

from database.audit.tables import CheckpointRow, SealRow
from database.leading import leads
from database.session import Snapshot, Transaction, driver_connection

# RFC 8785: names in their order, no spaces between, strings escaped as there, whole numbers only. Times are
# microseconds since 1970, whatever the session's zone; JSON columns are strings, as PostgreSQL prints them.
LINE = sql.SQL("""
SELECT action, actor, after::text AS after, audit_id, basis::text AS basis, before::text AS before, object_name,
  object_version, outcome, reason, request_id, (extract(epoch FROM time) * 1000000)::bigint AS time, transaction_id
FROM audit_log AS source
""")
CANONICAL = sql.SQL("convert_to(row_to_json(line)::text, 'UTF8')")
HORIZON = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
UNSEALED = sql.SQL("""
SELECT transaction_id, audit_id, {canonical} FROM ({line}) AS line
WHERE transaction_id >= %(since)s AND (%(before)s::bigint IS NULL OR transaction_id < %(before)s)
  AND NOT EXISTS (SELECT FROM audit_seals WHERE audit_seals.audit_id = line.audit_id)
ORDER BY transaction_id, audit_id LIMIT %(limit)s
""").format(canonical=CANONICAL, line=LINE)
SEAL = "COPY audit_seals (seq, audit_id, prev_hash, hash) FROM STDIN (FORMAT BINARY)"
# Seals and lines grow side by side, so looking each line up reads both in their order and sorts nothing.
IN_ORDER = "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)"
LINKS = sql.SQL("""
COPY (
  SELECT seq, seals.audit_id, prev_hash, hash, {canonical}
  FROM audit_seals AS seals LEFT JOIN LATERAL ({line} WHERE source.audit_id = seals.audit_id) AS line ON true
  WHERE seq > %s ORDER BY seq LIMIT %s
) TO STDOUT (FORMAT BINARY)
""").format(canonical=CANONICAL, line=LINE)
DIFFERING = """
SELECT seq FROM audit_checkpoints AS kept LEFT JOIN audit_seals AS seals USING (seq)
WHERE seq > %s AND seals.hash IS DISTINCT FROM kept.hash ORDER BY seq LIMIT 1
"""
WAITING = """
SELECT count(*), min(audit_id) FROM audit_log
WHERE time < %s AND NOT EXISTS (SELECT FROM audit_seals WHERE audit_seals.audit_id = audit_log.audit_id)
"""


OLDEST_UNSEALED = """
SELECT time FROM audit_log
WHERE transaction_id >= %s AND NOT EXISTS (SELECT FROM audit_seals WHERE audit_seals.audit_id = audit_log.audit_id)
ORDER BY transaction_id, audit_id LIMIT 1
"""
LAST_SEALED = """
SELECT transaction_id FROM audit_seals JOIN audit_log USING (audit_id) ORDER BY seq DESC LIMIT 1
"""


class Unsealed(NamedTuple):
    """A line that can be sealed: its transaction and every earlier one is over."""

    transaction_id: int
    audit_id: int
    line: bytes
    """Its canonical form."""


class Horizon(NamedTuple):
    """What this transaction knows of others."""

    running: int
    """Every transaction below is over."""
    ahead: int
    """No transaction from here on has begun: a line that names one was restored from another server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where the chain stood."""

    seq: int
    hash: bytes
    time: datetime


def lead(transaction: Transaction) -> bool:
    """Whether this transaction is the one that seals; others stand back until it ends."""
    return leads(transaction, "tierwise", "audit seals")


def horizon(snapshot: Snapshot) -> Horizon:
    """What is over by now."""
    running, ahead = _one(driver_connection(snapshot).execute(HORIZON))
    return Horizon(int(running), int(ahead))


def last_transaction(snapshot: Snapshot) -> int | None:
    """The transaction of the line that was sealed last."""
    row = driver_connection(snapshot).execute(LAST_SEALED).fetchone()
    return None if row is None else int(str(row[0]))


def oldest_unsealed(snapshot: Snapshot) -> datetime | None:
    """When the first line was written, from the transaction sealed last onwards, that has no seal."""
    since = last_transaction(snapshot) or 0
    row = driver_connection(snapshot).execute(OLDEST_UNSEALED, (since,)).fetchone()
    return None if row is None else cast("datetime", row[0])


def unsealed(snapshot: Snapshot, *, since: int, before: int | None, limit: int) -> list[Unsealed]:
    """Lines without a seal whose transactions are in this range, in the order in which they are sealed."""
    asked = {"since": since, "before": before, "limit": limit}
    rows = driver_connection(snapshot).execute(UNSEALED, asked, binary=True)
    return [Unsealed(*row) for row in rows]  # type: ignore[arg-type]  # the types of the columns


def append(transaction: Transaction, links: Iterable[tuple[int, int, bytes, bytes]]) -> None:
    """Write (seq, audit_id, prev_hash, hash) down."""
    with driver_connection(transaction).cursor() as cursor, cursor.copy(SEAL) as copy:
        copy.set_types(["int8", "int8", "bytea", "bytea"])
        for link in links:
            copy.write_row(link)


def keep(transaction: Transaction, checkpoint: Checkpoint) -> None:
    """Write a checkpoint down."""
    values = {"seq": checkpoint.seq, "hash": checkpoint.hash, "time": checkpoint.time}
    transaction.execute(insert(CheckpointRow).values(values))


def last(snapshot: Snapshot) -> tuple[int, bytes] | None:
    """Seq and hash of the end of the chain."""
    row = snapshot.execute(select(SealRow.seq, SealRow.hash).order_by(SealRow.seq.desc()).limit(1)).one_or_none()
    return None if row is None else (row.seq, row.hash)


def hashes_at(snapshot: Snapshot, seqs: Sequence[int]) -> dict[int, bytes]:
    """The hashes of the links that there are among these."""
    return dict(snapshot.execute(select(SealRow.seq, SealRow.hash).where(SealRow.seq.in_(seqs))).all())


def links(snapshot: Snapshot, *, after: int, limit: int) -> Iterator[tuple[Any, ...]]:
    """(seq, audit_id, prev_hash, hash, line) in their order, streamed; the line is None when it is gone."""
    connection = driver_connection(snapshot)
    connection.execute(IN_ORDER)
    with connection.cursor() as cursor, cursor.copy(LINKS, (after, limit)) as copy:
        copy.set_types(["int8", "int8", "bytea", "bytea", "bytea"])
        yield from copy.rows()


def checkpoints(snapshot: Snapshot, *, after: int, limit: int) -> list[Checkpoint]:
    """In their order, after a seq."""
    query = select(CheckpointRow).where(CheckpointRow.seq > after).order_by(CheckpointRow.seq).limit(limit)
    return [Checkpoint(seq=row.seq, hash=row.hash, time=row.time) for row in snapshot.scalars(query)]


def first_differing(snapshot: Snapshot, *, after: int) -> int | None:
    """The first checkpoint after a seq that knows another hash than the chain has there, if it has one."""
    row = driver_connection(snapshot).execute(DIFFERING, (after,)).fetchone()
    return None if row is None else int(str(row[0]))


def waiting(snapshot: Snapshot, *, before: datetime) -> tuple[int, int | None]:
    """How many lines older than this have no seal, and the first of them."""
    count, first = _one(driver_connection(snapshot).execute(WAITING, (before,)))
    return count, first


def _one(cursor: "psycopg.Cursor[tuple[Any, ...]]") -> tuple[Any, ...]:
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a SELECT of values has one row")
    return row
