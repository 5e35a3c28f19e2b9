"""Bulk work: written down with its cause, and handed to the worker through the outbox."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from campaigns import trail
from campaigns.actor import Cause
from campaigns.faults import Fault
from campaigns.work.refusals import OperationNotFound, OperationRunning
from database.session import Snapshot, Transaction
from database.work import operations, outbox
from database.work.operations import Operation

ADVANCE = "tierwise.advance"
"""The one task of bulk work: take the named operation further. What it does and how far it is stands in its row."""


def begin(
    transaction: Transaction, cause: Cause, operation_id: str, kind: str, request: Mapping[str, Any], *,
    total_count: int | None, action: str, object_name: str, before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None, version: int | None = None,
) -> Operation:  # fmt: skip
    """Operation, outbox row and audit line, in the transaction of the change that asks for the work.

    The line says what the change did of the object too, where it did anything.
    """
    operations.begin(transaction, operation_id, kind, request, total_count=total_count, now=cause.now)
    operation = get(transaction, operation_id)
    go_on(transaction, operation, cause.now)
    facts = {"operation": operation_id, **request, **(after or {})}
    trail.done(transaction, cause, action, object_name, before=before, after=facts, version=version)
    return operation


def go_on(transaction: Transaction, operation: Operation, now: datetime) -> None:
    """Hand work to the workers, for the first time or again: whichever task of this turn comes first does it."""
    outbox.enqueue(transaction, ADVANCE, {"operation_id": operation.operation_id, "turn": operation.turn}, now)


def hand_on(transaction: Transaction, operation: Operation, now: datetime) -> None:
    """Let the workers go on later; every other task of this turn, waiting or to come, has nothing left to do."""
    if operations.next_turn(transaction, operation):
        go_on(transaction, replace(operation, turn=operation.turn + 1), now)


def get(snapshot: Snapshot, operation_id: str) -> Operation:
    """One operation. Raises OperationNotFound."""
    return OperationNotFound.unless(operations.get(snapshot, operation_id), f"operations/{operation_id}")


def stumble(transaction: Transaction, operation_id: str, fault: Fault) -> None:
    """Note why an attempt failed, or what the work waits for; it goes on."""
    operations.stumble(transaction, operation_id, fault.sentence(), why=fault.why)


def fail(transaction: Transaction, cause: Cause, operation_id: str, fault: Fault) -> bool:
    """The end for good; False where it is over already."""
    if not operations.fail(transaction, operation_id, fault.sentence(), cause.now, why=fault.why):
        return False
    trail.failed(transaction, cause, "operations.fail", f"operations/{operation_id}", fault.sentence())
    return True


def fault(operation: Operation) -> Fault | None:
    """Why it failed, or why its last attempt did."""
    return None if operation.error is None else Fault.read(operation.error, operation.why)


def cancel(transaction: Transaction, cause: Cause, operation_id: str) -> Operation:
    """Stop at the next chunk; work that is over stays as it is. Raises OperationNotFound."""
    before = get(transaction, operation_id)
    if before.done or before.cancel_requested:
        return before
    operations.request_cancel(transaction, operation_id)
    trail.done(
        transaction, cause, "operations.cancel", before.name,
        before={"state": before.state, "done_count": before.done_count}, after={"cancel_requested": True},
    )  # fmt: skip
    return get(transaction, operation_id)


def forget(transaction: Transaction, cause: Cause, operation_id: str) -> None:
    """Delete the record of work that is over. Raises OperationNotFound, OperationRunning."""
    operation = get(transaction, operation_id)
    if not operations.forget(transaction, operation_id):
        raise OperationRunning(f"{operation.name} is running: cancel it first", operation=operation.name)
    trail.done(transaction, cause, "operations.delete", operation.name, before={"state": operation.state})
