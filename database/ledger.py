"""The ledger of what campaigns reserve and spend: appended in the transaction of the change itself, never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select

from database.budget_tables import LedgerRow
from database.session import Snapshot, Transaction


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


def append(transaction: Transaction, entry: Entry) -> None:
    """Write a line. A key that was booked before breaks the transaction: callers look, under the lock of the coupon."""
    transaction.execute(
        insert(LedgerRow).values(
            key=entry.key, kind=entry.kind, time=entry.time, campaign_id=entry.campaign_id, shard=entry.shard,
            code=entry.code, **entry.change._asdict(),
        )
    )  # fmt: skip


def get(snapshot: Snapshot, key: str) -> Entry | None:
    """What was booked under a key."""
    row = snapshot.get(LedgerRow, key)
    return None if row is None else _entry(row)


def of_code(snapshot: Snapshot, code: str) -> list[Entry]:
    """The whole story of a code, oldest first."""
    query = select(LedgerRow).where(LedgerRow.code == code).order_by(LedgerRow.number)
    return [_entry(row) for row in snapshot.scalars(query)]


def _entry(row: LedgerRow) -> Entry:
    change = Amounts(row.reserved_count, row.reserved_minor, row.spent_count, row.spent_minor)
    return Entry(
        key=row.key, kind=row.kind, time=row.time, campaign_id=row.campaign_id, shard=row.shard, code=row.code,
        change=change,
    )  # fmt: skip
