"""The ledger of what campaigns reserve and spend, and the counters that cache it: written by one statement, or neither.

Entries are appended in the transaction of the change itself and never changed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from database.budgets.tables import LedgerRow
from database.session import Snapshot, Transaction, driver_connection

POST = """
WITH moved AS (
  UPDATE budget_shards SET reserved_count = reserved_count + %(reserved_count)s,
    reserved_minor = reserved_minor + %(reserved_minor)s, spent_count = spent_count + %(spent_count)s,
    spent_minor = spent_minor + %(spent_minor)s
  WHERE campaign_id = %(campaign_id)s AND shard = %(shard)s
    AND reserved_count + %(reserved_count)s >= 0 AND reserved_minor + %(reserved_minor)s >= 0
    AND spent_count + %(spent_count)s >= 0 AND spent_minor + %(spent_minor)s >= 0
    AND coalesce(reserved_count + spent_count + %(reserved_count)s + %(spent_count)s <= quota_count, true)
    AND coalesce(reserved_minor + spent_minor + %(reserved_minor)s + %(spent_minor)s <= quota_minor, true)
  RETURNING campaign_id, shard
)
INSERT INTO ledger (key, kind, time, campaign_id, shard, code, reserved_count, reserved_minor, spent_count, spent_minor)
SELECT %(key)s, %(kind)s, %(time)s, campaign_id, shard, %(code)s, %(reserved_count)s, %(reserved_minor)s,
  %(spent_count)s, %(spent_minor)s FROM moved
"""


class Amounts(NamedTuple):
    """Redemptions and money that are reserved or spent; of an entry, what it adds: negative where it gives back."""

    reserved_count: int = 0
    reserved_minor: int = 0
    spent_count: int = 0
    spent_minor: int = 0

    @property
    def used_count(self) -> int:
        """Of the limit on redemptions."""
        return self.reserved_count + self.spent_count

    @property
    def used_minor(self) -> int:
        """Of the budget."""
        return self.reserved_minor + self.spent_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger. No personal data: the customer is found by the code."""

    key: str
    """Of what happened, so that it is booked once: redeem/<redemption_id>."""
    kind: str
    time: datetime
    campaign_id: str
    shard: int
    code: str
    change: Amounts


def post(transaction: Transaction, entry: Entry) -> bool:
    """Write a line and move the counters of its shard; False when the shard has not so much left, or never took it.

    However many call at once, no counter passes its quota or falls below nothing. A key that was booked before breaks
    the transaction: callers look first, under the lock of the coupon.
    """
    return driver_connection(transaction).execute(POST, _booked(entry)).rowcount == 1


def try_post(transaction: Transaction, *entries: Entry) -> bool:
    """The same for all of these or none, and a shard that has not so much left is not left locked.

    An UPDATE that waited for its row keeps it locked even when the row no longer fits. Whoever went on from there to
    lock all shards in order could meet another who did so from another shard.
    """
    connection = driver_connection(transaction)
    with connection.pipeline():
        connection.execute("SAVEPOINT shard")
        posted = [connection.execute(POST, _booked(entry)) for entry in entries]
    if all(each.rowcount == 1 for each in posted):
        return True
    connection.execute("ROLLBACK TO SAVEPOINT shard")
    return False


def get(snapshot: Snapshot, key: str) -> Entry | None:
    """What was booked under a key."""
    row = snapshot.get(LedgerRow, key)
    return None if row is None else _entry(row)


def of_code(snapshot: Snapshot, code: str) -> list[Entry]:
    """The whole story of a code, oldest first."""
    query = select(LedgerRow).where(LedgerRow.code == code).order_by(LedgerRow.number)
    return [_entry(row) for row in snapshot.scalars(query)]


def _booked(entry: Entry) -> dict[str, object]:
    return {
        "key": entry.key, "kind": entry.kind, "time": entry.time, "campaign_id": entry.campaign_id,
        "shard": entry.shard, "code": entry.code, **entry.change._asdict(),
    }  # fmt: skip


def _entry(row: LedgerRow) -> Entry:
    change = Amounts(row.reserved_count, row.reserved_minor, row.spent_count, row.spent_minor)
    return Entry(
        key=row.key, kind=row.kind, time=row.time, campaign_id=row.campaign_id, shard=row.shard, code=row.code,
        change=change,
    )  # fmt: skip
