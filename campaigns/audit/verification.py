"""Looking along the chain of the audit log in the background: each night, or when someone asks."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.audit import sealing
from campaigns.audit.chain import BEGINNING, Finding, Mark, Verdict
from campaigns.work import jobs
from database.session import Snapshot, Transaction
from database.work import operations
from database.work.operations import Operation

ACTION = "audit.verify"
AUDIT = "audit"
"""What the log calls itself."""
PIECE = 200_000
"""Links in one chunk: about a second."""


def begin(transaction: Transaction, cause: Cause, *, from_seq: int = 1) -> Operation:
    """Look along the chain from a link on."""
    return _begin(transaction, cause, uuid4().hex, from_seq)


def begin_due(transaction: Transaction, cause: Cause, *, due: datetime) -> Operation | None:
    """The look that was due; None when it was begun already, so that two clocks do no harm."""
    operation_id = f"verify-audit-{due:%Y-%m-%dT%H-%MZ}"
    operations.hold(transaction, operations.VERIFY_AUDIT)
    if operations.get(transaction, operation_id) is not None:
        return None
    return _begin(transaction, cause, operation_id, 1)


def look(snapshot: Snapshot, operation: Operation, marks: Iterable[Mark], now: datetime) -> Finding:
    """Along the links after the operation's cursor; at the end of the chain, at checkpoints and unsealed lines."""
    first = operation.request["from_seq"] - 1
    after = first if operation.cursor is None else int(operation.cursor)
    start = sealing.mark_at(snapshot, after)
    if start is None:
        message = f"link {after} is missing"
        return Finding(verdict=Verdict.MOVED, checked_count=0, end=Mark(0, BEGINNING), seq=after, message=message)
    found = sealing.verify_piece(snapshot, after=start, limit=PIECE)
    if found.verdict is Verdict.INTACT and found.checked_count == 0:
        return sealing.verify_end(snapshot, found, marks, after=first, now=now)
    return found


def keep(transaction: Transaction, operation: Operation, found: Finding, cause: Cause) -> bool:
    """Commit how far the look is, or its end: a bad link, or no link any more.

    False when another worker was faster: then nothing is written.
    """
    if found.verdict is Verdict.INTACT and found.checked_count:
        return operations.advance(transaction, operation, str(found.end.seq), count=found.checked_count, now=cause.now)
    current = operations.at_end(transaction, operation)
    if current is None:
        return False
    whole = replace(found, checked_count=current.done_count + found.checked_count)
    operations.finish(transaction, operation.operation_id, _response(whole), cause.now)
    if whole.verdict is Verdict.INTACT:
        trail.done(transaction, cause, f"{ACTION}.finish", AUDIT, after=_response(whole))
    else:
        trail.failed(transaction, cause, f"{ACTION}.finish", AUDIT, f"{whole.verdict.name}: {whole.message}")
    return True


def _begin(transaction: Transaction, cause: Cause, operation_id: str, from_seq: int) -> Operation:
    return jobs.begin(
        transaction, cause, operation_id, operations.VERIFY_AUDIT, {"from_seq": from_seq},
        total_count=max(0, sealing.length(transaction) - from_seq + 1), action=ACTION, object_name=AUDIT,
    )  # fmt: skip


def _response(found: Finding) -> dict[str, Any]:
    return {
        "verdict": found.verdict.name, "checked_count": found.checked_count, "seq": found.seq,
        "audit_id": found.audit_id, "message": found.message,
    }  # fmt: skip
