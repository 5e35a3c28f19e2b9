"""The audit trail: each use case leaves a line in its own transaction, and a refusal leaves one of its own."""

from collections.abc import Mapping
from typing import Any

from campaigns.actor import Cause
from campaigns.errors import Refusal
from database import audit
from database.session import Transaction


def done(
    transaction: Transaction, cause: Cause, action: str, object_name: str, *,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The change happened, if the transaction commits."""
    _append(transaction, cause, action, object_name, outcome="OK", before=before, after=after)


def denied(transaction: Transaction, cause: Cause, action: str, object_name: str, refusal: Refusal) -> None:
    """The change was refused. The door calls this in a new transaction: the refused one is rolled back.

    It stands under the campaign that refused, if one did, so that refusals can be counted by campaign and reason.
    """
    name = refusal.metadata.get("campaign", object_name)
    _append(transaction, cause, action, name, outcome="DENIED", after={"refusal": refusal.reason})


def failed(transaction: Transaction, cause: Cause, action: str, object_name: str, error: str) -> None:
    """The work broke for good."""
    _append(transaction, cause, action, object_name, outcome="FAILED", after={"error": error})


def _append(
    transaction: Transaction, cause: Cause, action: str, object_name: str, *,
    outcome: str, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    entry = audit.AuditEntry(
        time=cause.now, actor=str(cause.actor), action=action, object_name=object_name, outcome=outcome,
        before=before, after=after, reason=cause.reason, request_id=cause.request_id,
    )  # fmt: skip
    audit.append(transaction, entry)
