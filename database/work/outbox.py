"""Work written down with the change that causes it, until the broker has it: at least once, never lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, not_, or_, select, update

from database.session import Snapshot, Transaction
from database.work.tables import OutboxRow

AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """One task for the broker."""

    outbox_id: int
    task: str
    arguments: Mapping[str, Any]


def enqueue(transaction: Transaction, task: str, arguments: Mapping[str, Any], now: datetime) -> None:
    """Write down a task; the relay hands it over once the transaction has committed."""
    transaction.execute(insert(OutboxRow).values(task=task, arguments=dict(arguments), create_time=now))


def take(transaction: Transaction, *, now: datetime, lease: timedelta) -> list[OutboxEntry]:
    """Claim the oldest entries that nobody holds, for the length of a lease.

    A claim and not a lock, so that no transaction is open while the broker is waited for. The holder deletes what it
    has handed over; what a dead holder left is free again after the lease, and at once if its clock was far ahead.
    """
    held = OutboxRow.claim_time.between(now - lease, now + lease)
    free = or_(OutboxRow.claim_time.is_(None), not_(held))
    oldest = select(OutboxRow.outbox_id).where(free).order_by(OutboxRow.outbox_id).limit(AT_ONCE)
    claim = update(OutboxRow).where(OutboxRow.outbox_id.in_(oldest.with_for_update(skip_locked=True)))
    rows = transaction.execute(
        claim.values(claim_time=now).returning(OutboxRow.outbox_id, OutboxRow.task, OutboxRow.arguments)
    )
    claimed = [OutboxEntry(outbox_id=number, task=task, arguments=arguments) for number, task, arguments in rows]
    return sorted(claimed, key=lambda entry: entry.outbox_id)


def delete_entries(transaction: Transaction, outbox_ids: Sequence[int]) -> None:
    """Forget what the broker has."""
    transaction.execute(delete(OutboxRow).where(OutboxRow.outbox_id.in_(outbox_ids)))


def release(transaction: Transaction, outbox_ids: Sequence[int]) -> None:
    """Give claims back at once: the broker is away."""
    transaction.execute(update(OutboxRow).where(OutboxRow.outbox_id.in_(outbox_ids)).values(claim_time=None))


def waiting(snapshot: Snapshot) -> int:
    """How many tasks the broker does not have yet."""
    return snapshot.execute(select(func.count()).select_from(OutboxRow)).scalar_one()


def oldest(snapshot: Snapshot) -> datetime | None:
    """When the task was written down that has waited longest for the broker."""
    return snapshot.execute(select(func.min(OutboxRow.create_time))).scalar_one()
