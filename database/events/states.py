"""The state of each customer in one row: a version of their events, and the events in one piece.

Whoever writes events renews the version in the same transaction. So what was read together with a version is all there
is as long as the database still says that version, in whichever process it was read.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast

from database.glances import Glances
from database.session import Snapshot, Transaction, driver_connection
from database.tiers.standings import StoredStanding

SLICE = 100_000
"""Customers in one statement, which therefore ends within the statement timeout."""
# In one order for everybody, so that two writers who share customers wait for each other and never crosswise.
RENEW = """
INSERT INTO customer_states (customer_id)
SELECT customer_id FROM unnest(%b::text[]) AS touched (customer_id) ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE SET version = excluded.version, history = NULL
"""
LOOK = """
SELECT customers.customer_id IS NOT NULL, version, CASE WHEN version IS DISTINCT FROM held THEN history END,
  tier, coalesce(tier_since, as_of), below_since
FROM unnest(%b::text[], %b::bigint[]) WITH ORDINALITY AS asked (customer_id, held, place)
LEFT JOIN customers USING (customer_id) LEFT JOIN customer_states USING (customer_id)
LEFT JOIN scores USING (customer_id)
ORDER BY place
"""
BEGIN = """
INSERT INTO customer_states (customer_id)
SELECT customer_id FROM customers WHERE customer_id = ANY(%b::text[]) ORDER BY customer_id
ON CONFLICT DO NOTHING
"""
# Whoever holds a row is changing it, and what was packed is outdated: nobody waits.
KEEP = """
UPDATE customer_states AS state SET history = packed.history
FROM unnest(%b::text[], %b::bigint[], %b::bytea[]) AS packed (customer_id, version, history)
WHERE state.customer_id = packed.customer_id AND state.version = packed.version AND state.customer_id IN (
  SELECT customer_id FROM customer_states WHERE customer_id = ANY(%b::text[]) FOR NO KEY UPDATE SKIP LOCKED
)
"""


class State(NamedTuple):
    """What the database knows of one who is asked about."""

    known: bool
    """Whether there is such a customer."""
    version: int | None
    """None where the events have none: they may have changed, and nobody would know."""
    history: bytes | None
    """None where it was held already, or is not packed."""
    standing: StoredStanding | None
    """None before the first tier."""


class Packed(NamedTuple):
    """A history in one piece, with the version that it was read at."""

    customer_id: str
    version: int
    history: bytes


def renew(transaction: Transaction, customer_ids: Sequence[str]) -> None:
    """Give these customers new versions, for their events change in this transaction. The last thing that it waits for.

    Each is named once.
    """
    connection = driver_connection(transaction)
    ordered = sorted(customer_ids)
    for start in range(0, len(ordered), SLICE):
        connection.execute(RENEW, (ordered[start : start + SLICE],))


def look(snapshot: Snapshot, customer_ids: Sequence[str], held: Sequence[int | None]) -> list[State]:
    """The states of these customers, in their order; without the history of whoever is `held` at its version."""
    with driver_connection(snapshot).cursor(binary=True) as cursor:
        return _states(cursor.execute(LOOK, (list(customer_ids), list(held))).fetchall())


def glance(glances: Glances, customer_ids: Sequence[str], held: Sequence[int | None], *, seconds: float) -> list[State]:
    """As `look`, in a snapshot of its own."""
    return _states(glances.rows(LOOK, (list(customer_ids), list(held)), seconds=seconds))


def _states(rows: Sequence[tuple[object, ...]]) -> list[State]:
    return [
        State(bool(known), cast("int | None", version), cast("bytes | None", history), _standing(*standing))
        for known, version, history, *standing in rows
    ]


def begin(transaction: Transaction, customer_ids: Sequence[str]) -> int:
    """Give versions to those of these customers who have none; how many. What was read before has no version still."""
    return driver_connection(transaction).execute(BEGIN, (list(customer_ids),)).rowcount


def keep(transaction: Transaction, packed: Sequence[Packed]) -> int:
    """Keep histories of customers whose version is still the same; how many. It waits for nobody."""
    if not packed:
        return 0
    ids, versions, contents = (list(column) for column in zip(*packed, strict=True))
    return driver_connection(transaction).execute(KEEP, (ids, versions, contents, ids)).rowcount


def _standing(tier: object, since: object, below: object) -> StoredStanding | None:
    if tier is None:
        return None
    return StoredStanding(cast("str", tier), cast("datetime", since), cast("datetime | None", below))
