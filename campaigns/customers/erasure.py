"""Erasing a customer: at once, and once more when everything is over that was under way.

The first pass is the request's own transaction: whoever asks afterwards finds nobody, also by repeating what was asked
before. Its mark keeps events that come later out. Bulk work and transactions that had begun before may still write of
the customer, so an operation waits for their end and takes what they left, with every trace in answers, operations and
rejected rows.
"""

from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.customers import profiles
from campaigns.customers.refusals import CustomerNotErased, CustomerNotFound
from campaigns.work import jobs
from campaigns.work.refusals import OperationRunning
from database import erasure, imports
from database.audit import seals, subjects
from database.customers import known, tombstones
from database.session import Transaction
from database.work import operations
from database.work.operations import Operation

ACTION = "customers.erase"


def begin(transaction: Transaction, cause: Cause, customer_id: str, *, etag: str | None = None) -> Operation:
    """Forget a customer; one who is forgotten already is looked for again.

    Raises CustomerNotFound, CustomerChanged.
    """
    name = f"customers/{customer_id}"
    if known.get(transaction, customer_id) is None and not tombstones.among(transaction, [customer_id]):
        raise CustomerNotFound.of(name)
    if known.get(transaction, customer_id) is not None:
        profiles.locked(transaction, customer_id, etag)
        subjects.ensure(transaction, customer_id)
    tombstones.keep(transaction, customer_id, cause.now)
    touched = erasure.erase(transaction, customer_id, pseudonym=_pseudonym(), now=cause.now)
    touched |= erasure.wipe_answers(transaction, customer_id)
    operation_id = uuid4().hex
    operations.begin(
        transaction,
        operation_id,
        operations.ERASE_CUSTOMER,
        {"customer_id": customer_id},
        total_count=None,
        now=cause.now,
    )
    operation = jobs.get(transaction, operation_id)
    jobs.go_on(transaction, operation, cause.now)
    trail.done(transaction, cause, ACTION, name, after={"operation": operation_id, **touched})
    subjects.forget(transaction, customer_id)
    return operation


def step(transaction: Transaction, operation: Operation, cause: Cause) -> bool:
    """The next of two steps: note which transactions may still be writing; once they are over, the second pass.

    False while something is under way that began before, and when another worker was faster: then nothing is written.
    """
    horizon = seals.horizon(transaction)
    if operation.cursor is None:
        return operations.advance(transaction, operation, str(horizon.ahead), count=0, now=cause.now)
    waiting = erasure.bulk_work_since_before(transaction, operation.operation_id)
    if waiting or horizon.running < int(operation.cursor):
        return False
    current = operations.locked(transaction, operation.operation_id)
    if current is None or current.done:
        return False
    return _finish(transaction, current, cause)


def readmit(transaction: Transaction, cause: Cause, customer_id: str) -> None:
    """Let an erased id be a customer's again: events for it are recorded from here on, also of files that came before.

    What the erasure still takes it would take of the newcomer too. Raises CustomerNotErased, OperationRunning.
    """
    name = f"customers/{customer_id}"
    # An erasure that holds the mark is waited for, and found by what looks afterwards.
    lifted = tombstones.lift(transaction, customer_id)
    under_way = operations.running(transaction, operations.ERASE_CUSTOMER, customer_id=customer_id)
    if under_way is not None:
        raise OperationRunning(
            f"{under_way.name} still erases {name}: wait until it is done", operation=under_way.name, customer=name
        )
    if not lifted:
        raise CustomerNotErased(f"{name} was not erased", customer=name)
    imports.read_again(transaction)
    trail.done(transaction, cause, "customers.readmit", name)


def _finish(transaction: Transaction, operation: Operation, cause: Cause) -> bool:
    customer_id, pseudonym = operation.request["customer_id"], _pseudonym()
    touched = erasure.erase(transaction, customer_id, pseudonym=pseudonym, now=cause.now)
    operations.finish(transaction, operation.operation_id, {}, cause.now)
    touched |= erasure.wipe_traces(transaction, customer_id, pseudonym=pseudonym)
    subjects.forget(transaction, customer_id)
    trail.done(transaction, cause, f"{ACTION}.finish", operation.name, after=touched)
    return True


def _pseudonym() -> str:
    return f"erased-{uuid4().hex}"
