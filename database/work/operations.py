"""Bulk work as rows: what was asked, how far it got, how it ended. Progress commits with the rows it counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from database.session import Snapshot, Transaction, changed_rows
from database.work.tables import AttemptRow, OperationRow

SCORE_ALL_CUSTOMERS = "SCORE_ALL_CUSTOMERS"
LAUNCH_CAMPAIGN = "LAUNCH_CAMPAIGN"
BUILD_SEGMENT = "BUILD_SEGMENT"
RECONCILE_LEDGERS = "RECONCILE_LEDGERS"
VERIFY_AUDIT = "VERIFY_AUDIT"
ERASE_CUSTOMER = "ERASE_CUSTOMER"
PREVIEW_MODEL = "PREVIEW_MODEL"
PREVIEW_TIERS = "PREVIEW_TIERS"
JUDGE_MODEL = "JUDGE_MODEL"
RETRAIN_MODEL = "RETRAIN_MODEL"
HAND_OVER_COUPONS = "HAND_OVER_COUPONS"
EXPECT_UPLIFTS = "EXPECT_UPLIFTS"
SEND_TEST_MESSAGE = "SEND_TEST_MESSAGE"
HELD_WITH_A_CAMPAIGN = (LAUNCH_CAMPAIGN, HAND_OVER_COUPONS)
"""Work that stands still while its campaign does."""
RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
CANCELLED = "CANCELLED"
STATES = (RUNNING, SUCCEEDED, FAILED, CANCELLED)
KINDS = (
    SCORE_ALL_CUSTOMERS, LAUNCH_CAMPAIGN, BUILD_SEGMENT, RECONCILE_LEDGERS, VERIFY_AUDIT, ERASE_CUSTOMER,
    PREVIEW_MODEL, PREVIEW_TIERS, JUDGE_MODEL, RETRAIN_MODEL, HAND_OVER_COUPONS, EXPECT_UPLIFTS,
    SEND_TEST_MESSAGE,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Bulk work, running or over."""

    operation_id: str
    kind: str
    state: str
    """RUNNING, SUCCEEDED, FAILED or CANCELLED."""
    request: Mapping[str, Any]
    """Everything the work depends on, pinned when it began: a resumed run makes the same rows."""
    cursor: str | None
    """Last customer done; None before the first chunk."""
    done_count: int
    total_count: int | None
    cancel_requested: bool
    error: str | None
    """Why it failed, or why its last attempt did while it is still running, in English."""
    why: Mapping[str, Any] | None
    """The same as a value: a code and facts."""
    response: Mapping[str, Any] | None
    create_time: datetime
    update_time: datetime
    """Of the last sign of life."""
    turn: int
    """How many tasks handed the rest of the work to a next one."""

    @property
    def name(self) -> str:
        """The resource name."""
        return f"operations/{self.operation_id}"

    @property
    def done(self) -> bool:
        """Whether nothing more will happen."""
        return self.state != RUNNING


def begin(
    transaction: Transaction, operation_id: str, kind: str, request: Mapping[str, Any], *,
    total_count: int | None, now: datetime,
) -> bool:  # fmt: skip
    """Write down work; False when the id is taken, which changes nothing."""
    new = insert(OperationRow).values(
        operation_id=operation_id, kind=kind, state=RUNNING, request=dict(request), total_count=total_count,
        create_time=now, update_time=now,
    )  # fmt: skip
    added = new.on_conflict_do_nothing(index_elements=["operation_id"]).returning(OperationRow.operation_id)
    return transaction.execute(added).one_or_none() is not None


def get(snapshot: Snapshot, operation_id: str) -> Operation | None:
    query = select(OperationRow).where(OperationRow.operation_id == operation_id)
    return _maybe(snapshot.scalars(query).one_or_none())


def locked(transaction: Transaction, operation_id: str) -> Operation | None:
    """An operation that nobody else advances until the transaction ends."""
    query = select(OperationRow).where(OperationRow.operation_id == operation_id).with_for_update()
    return _maybe(transaction.scalars(query).one_or_none())


def at_end(transaction: Transaction, operation: Operation) -> Operation | None:
    """The operation, locked, where its cursor still stands as it was read; None where another worker was faster."""
    current = locked(transaction, operation.operation_id)
    return None if current is None or current.done or current.cursor != operation.cursor else current


def page(
    snapshot: Snapshot, *, limit: int, after: tuple[datetime, str] | None = None, kind: str | None = None,
    state: str | None = None, done: bool | None = None,
) -> list[Operation]:  # fmt: skip
    """Newest first; `after` is (create_time, operation_id) of the last one seen."""
    query = select(OperationRow).order_by(OperationRow.create_time.desc(), OperationRow.operation_id.desc())
    if after is not None:
        query = query.where(tuple_(OperationRow.create_time, OperationRow.operation_id) < after)
    if kind is not None:
        query = query.where(OperationRow.kind == kind)
    if state is not None:
        query = query.where(OperationRow.state == state)
    if done is not None:
        query = query.where(OperationRow.state != RUNNING if done else OperationRow.state == RUNNING)
    return _found(snapshot, query.limit(limit))


def hold(transaction: Transaction, kind: str) -> None:
    """Let no other transaction begin work of this kind until this one ends."""
    transaction.execute(text("SELECT pg_advisory_xact_lock(hashtext('operations'), hashtext(:kind))"), {"kind": kind})


def running(snapshot: Snapshot, kind: str, **request: str) -> Operation | None:
    """The running operation of a kind whose request holds these values; the oldest if there are several."""
    return next(iter(under_way(snapshot, kind, **request)), None)


def under_way(snapshot: Snapshot, kind: str, **request: str) -> list[Operation]:
    """The running operations of a kind whose request holds these values, oldest first."""
    query = select(OperationRow).where(OperationRow.kind == kind, OperationRow.state == RUNNING)
    query = query.where(OperationRow.request.contains(request)).order_by(OperationRow.create_time)
    return _found(snapshot, query)


def all_under_way(snapshot: Snapshot) -> list[Operation]:
    """The running operations of every kind, oldest first."""
    query = select(OperationRow).where(OperationRow.state == RUNNING).order_by(OperationRow.create_time)
    return _found(snapshot, query)


def over(snapshot: Snapshot, kind: str) -> list[Operation]:
    """The operations of a kind that have ended, in whichever way."""
    query = select(OperationRow).where(OperationRow.kind == kind, OperationRow.state != RUNNING)
    return _found(snapshot, query)


def latest(snapshot: Snapshot, kind: str, *, limit: int, **request: str) -> list[Operation]:
    """The operations of a kind whose request holds these values, running or over, newest first."""
    query = select(OperationRow).where(OperationRow.kind == kind, OperationRow.request.contains(request))
    return _found(snapshot, query.order_by(OperationRow.create_time.desc()).limit(limit))


def newest(snapshot: Snapshot, kind: str, **request: str) -> Operation | None:
    """The operation of a kind that began last of those whose request holds these values, running or over."""
    return _newest(snapshot, OperationRow.kind == kind, OperationRow.request.contains(request))


def newest_over(snapshot: Snapshot, kind: str) -> Operation | None:
    """The operation of a kind that began last of those that are over, however they ended."""
    return _newest(snapshot, OperationRow.kind == kind, OperationRow.state != RUNNING)


def newest_good(snapshot: Snapshot, kind: str) -> Operation | None:
    """The operation of a kind that began last of those that came to a good end."""
    return _newest(snapshot, OperationRow.kind == kind, OperationRow.state == SUCCEEDED)


def advance(transaction: Transaction, operation: Operation, cursor: str, *, count: int, now: datetime) -> bool:
    """Move the cursor from where it was read; False when someone else moved it or the work is over.

    Call it first in a chunk's transaction: it locks the row, so that of two workers at the same chunk one loses here.
    """
    moved = transaction.execute(
        update(OperationRow)
        .where(OperationRow.operation_id == operation.operation_id, OperationRow.state == RUNNING)
        .where(OperationRow.cursor.is_not_distinct_from(operation.cursor))
        .values(cursor=cursor, done_count=OperationRow.done_count + count, error=None, why=None, update_time=now)
    )
    return changed_rows(moved) == 1


def next_turn(transaction: Transaction, operation: Operation) -> bool:
    """End the turn that the operation was read in; False when another task did, or the work is over."""
    ended = transaction.execute(
        update(OperationRow)
        .where(OperationRow.operation_id == operation.operation_id, OperationRow.state == RUNNING)
        .where(OperationRow.turn == operation.turn)
        .values(turn=operation.turn + 1)
    )
    return changed_rows(ended) == 1


def expect(transaction: Transaction, operation_id: str, total_count: int) -> None:
    """How many customers there are in all, when that is known only after the beginning."""
    which = update(OperationRow).where(OperationRow.operation_id == operation_id)
    transaction.execute(which.values(total_count=total_count))


def finish(transaction: Transaction, operation_id: str, response: Mapping[str, Any], now: datetime) -> bool:
    """SUCCEEDED with a response; False when it is over already."""
    return _end(transaction, operation_id, now, state=SUCCEEDED, response=dict(response), error=None, why=None)


def fail(
    transaction: Transaction, operation_id: str, error: str, now: datetime, *, why: Mapping[str, Any] | None = None
) -> bool:
    """FAILED for good; False when it is over already."""
    return _end(transaction, operation_id, now, state=FAILED, error=error, why=why)


def cancel(transaction: Transaction, operation_id: str, now: datetime) -> bool:
    """CANCELLED between two chunks; False when it is over already."""
    return _end(transaction, operation_id, now, state=CANCELLED)


def stumble(transaction: Transaction, operation_id: str, error: str, *, why: Mapping[str, Any] | None = None) -> None:
    """Note why an attempt failed; the operation goes on, and its time of last life is not touched."""
    which = update(OperationRow).where(OperationRow.operation_id == operation_id, OperationRow.state == RUNNING)
    transaction.execute(which.values(error=error, why=why))


def request_cancel(transaction: Transaction, operation_id: str) -> Operation | None:
    """Ask for the end at the next chunk; None when there is no such operation. One that is over stays as it is."""
    which = update(OperationRow).where(OperationRow.operation_id == operation_id, OperationRow.state == RUNNING)
    transaction.execute(which.values(cancel_requested=True))
    return get(transaction, operation_id)


def revive(transaction: Transaction, *, silent_since: datetime, now: datetime) -> list[Operation]:
    """Running operations without a sign of life since then; each is answered once in that span, to one caller.

    Also those that lived later than now: the clock went back, and would else have to come to that time first.
    """
    lived = func.greatest(OperationRow.update_time, OperationRow.revive_time)
    ahead = now + (now - silent_since)
    silent = (
        select(OperationRow.operation_id)
        .where(OperationRow.state == RUNNING, or_(lived < silent_since, lived > ahead))
        .with_for_update(skip_locked=True)
    )
    sooner = func.least(OperationRow.update_time, now)
    which = (
        update(OperationRow).where(OperationRow.operation_id.in_(silent)).values(update_time=sooner, revive_time=now)
    )
    found = transaction.scalars(which.returning(OperationRow))
    return [row.held(Operation) for row in found]


def forget(transaction: Transaction, operation_id: str) -> bool:
    """Delete an operation that is over; False when it is running or unknown."""
    which = delete(OperationRow).where(OperationRow.operation_id == operation_id, OperationRow.state != RUNNING)
    return changed_rows(transaction.execute(which)) == 1


def _end(transaction: Transaction, operation_id: str, now: datetime, **values: object) -> bool:
    which = update(OperationRow).where(OperationRow.operation_id == operation_id, OperationRow.state == RUNNING)
    ended = changed_rows(transaction.execute(which.values(update_time=now, **values))) == 1
    if ended:
        transaction.execute(delete(AttemptRow).where(AttemptRow.operation_id == operation_id))
    return ended


def _newest(snapshot: Snapshot, *conditions: ColumnElement[bool]) -> Operation | None:
    query = select(OperationRow).where(*conditions)
    order = query.order_by(OperationRow.create_time.desc(), OperationRow.operation_id.desc())
    return _maybe(snapshot.scalars(order.limit(1)).one_or_none())


def _found(snapshot: Snapshot, query: Select[OperationRow]) -> list[Operation]:
    return [row.held(Operation) for row in snapshot.scalars(query)]


def _maybe(row: OperationRow | None) -> Operation | None:
    return None if row is None else row.held(Operation)
