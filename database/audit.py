"""Who did what: appended in the transaction of the change itself, never changed afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from database.session import Snapshot, Transaction
from database.tables import AuditRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the log. No personal data: ids of things, counts and states, not of customers."""

    time: datetime
    actor: str
    action: str
    """noun.verb, such as campaigns.launch."""
    object_name: str
    """The resource, such as campaigns/spring."""
    outcome: str = "OK"
    """OK, DENIED, FAILED or DRY_RUN."""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None
    request_id: str | None = None
    audit_id: int | None = None
    """Given by the database, ascending."""


def append(transaction: Transaction, entry: AuditEntry) -> None:
    """Write a line; it stands if and only if the transaction does."""
    transaction.execute(
        insert(AuditRow).values(
            time=entry.time, actor=entry.actor, action=entry.action, object_name=entry.object_name,
            outcome=entry.outcome, before=_stored(entry.before), after=_stored(entry.after),
            reason=entry.reason, request_id=entry.request_id,
        )
    )  # fmt: skip


def page(
    snapshot: Snapshot,
    *,
    limit: int,
    before: int | None = None,
    object_name: str | None = None,
    actor: str | None = None,
) -> list[AuditEntry]:
    """Newest first; the next page is `before` the last audit_id of this one."""
    query = select(AuditRow).order_by(AuditRow.audit_id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditRow.audit_id < before)
    if object_name is not None:
        query = query.where(AuditRow.object_name == object_name)
    if actor is not None:
        query = query.where(AuditRow.actor == actor)
    return [_entry(row) for row in snapshot.scalars(query)]


def _stored(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if fields is None else dict(fields)


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        audit_id=row.audit_id, time=row.time, actor=row.actor, action=row.action, object_name=row.object_name,
        outcome=row.outcome, before=row.before, after=row.after, reason=row.reason, request_id=row.request_id,
    )  # fmt: skip
