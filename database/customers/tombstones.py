"""Who was erased, by a keyed hash."""

from collections.abc import Sequence
from datetime import datetime

from database.session import Snapshot, Transaction, driver_connection

HASH = b"sha256((SELECT key FROM erasure_key) || convert_to(customer_id, 'UTF8'))"
# One that is there is locked, so that nobody lifts it while this erasure is not written down yet.
KEEP = (
    b"""
INSERT INTO erased_customers (id_hash, time) SELECT """
    + HASH
    + b""", %s FROM (VALUES (%s)) AS asked (customer_id)
ON CONFLICT (id_hash) DO UPDATE SET time = erased_customers.time
"""
)
AMONG = (
    b"""
SELECT customer_id FROM unnest(%s::text[]) AS asked (customer_id)
WHERE EXISTS (SELECT FROM erased_customers) AND """
    + HASH
    + b""" IN (SELECT id_hash FROM erased_customers)
ORDER BY customer_id
"""
)
LIFT = b"DELETE FROM erased_customers USING (VALUES (%s)) AS asked (customer_id) WHERE id_hash = " + HASH


def keep(transaction: Transaction, customer_id: str, now: datetime) -> None:
    """Remember that this customer was erased."""
    driver_connection(transaction).execute(KEEP, (now, customer_id))


def among(snapshot: Snapshot, customer_ids: Sequence[str]) -> list[str]:
    """Which of these were erased.

    Whoever records customers asks after having written: an erasure waits for the transactions that had begun to write
    before it, and every later one finds it here.
    """
    rows = driver_connection(snapshot).execute(AMONG, (list(customer_ids),)).fetchall()
    return [str(customer_id) for (customer_id,) in rows]


def lift(transaction: Transaction, customer_id: str) -> bool:
    """Let this id be a customer's again; False when it was not erased."""
    return driver_connection(transaction).execute(LIFT, (customer_id,)).rowcount == 1
