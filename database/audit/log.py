"""Who did what: appended in the transaction of the change itself, never changed afterwards."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import ColumnElement, func, select

from database.audit.tables import AuditRow
from database.session import Snapshot, Transaction, driver_connection


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the log. No personal data: ids of things, counts and states, not of customers."""

    time: datetime
    actor: str
    """role:name, such as marketer:anna."""
    action: str
    """noun.verb, such as campaigns.launch."""
    object_name: str
    """The resource, such as campaigns/spring; a customer is spoken of as subjects/…."""
    object_version: int | None = None
    """The object's revision after the action."""
    outcome: str = "OK"
    """OK, DENIED, FAILED or DRY_RUN."""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    basis: Mapping[str, Any] | None = None
    """The model and the versions of policy that a decision was made from."""
    reason: str | None = None
    request_id: str | None = None
    audit_id: int | None = None
    """Given by the database, ascending."""

    @property
    def role(self) -> str:
        """What the actor was allowed to do it by."""
        return self.actor.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines; None means any."""

    object_name: str | None = None
    object_names: Collection[str] | None = None
    """One of these."""
    actor: str | None = None
    actors: Collection[str] | None = None
    """One of these."""
    action: str | None = None
    outcome: str | None = None
    customer: str | None = None
    """Whom `after` names."""
    since: datetime | None = None
    """This time or later."""
    until: datetime | None = None
    """Before this time."""


ALL = Wanted()
APPEND = """
INSERT INTO audit_log (
  time, actor, action, object_name, object_version, outcome, before, after, basis, reason, request_id
)
VALUES (%(time)s, %(actor)s, %(action)s, %(object_name)s, %(object_version)s, %(outcome)s, %(before)s, %(after)s,
  %(basis)s, %(reason)s, %(request_id)s)
"""


def append(transaction: Transaction, entry: AuditEntry) -> None:
    """Write a line; it stands if and only if the transaction does."""
    driver_connection(transaction).execute(
        APPEND,
        {
            "time": entry.time, "actor": entry.actor, "action": entry.action, "object_name": entry.object_name,
            "object_version": entry.object_version, "outcome": entry.outcome, "before": _stored(entry.before),
            "after": _stored(entry.after), "basis": _stored(entry.basis), "reason": entry.reason,
            "request_id": entry.request_id,
        },
    )  # fmt: skip


def page(snapshot: Snapshot, wanted: Wanted = ALL, *, limit: int, before: int | None = None) -> list[AuditEntry]:
    """Newest first; the next page is `before` the last audit_id of this one."""
    query = select(AuditRow).where(*_conditions(wanted)).order_by(AuditRow.audit_id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditRow.audit_id < before)
    return [row.held(AuditEntry) for row in snapshot.scalars(query)]


def denials(snapshot: Snapshot, object_name: str, *, actions: Collection[str]) -> dict[str, int]:
    """How many of these actions on an object were refused, by reason."""
    reason = AuditRow.after["refusal"].astext
    query = select(reason, func.count()).where(AuditRow.object_name == object_name, AuditRow.outcome == "DENIED")
    return dict(snapshot.execute(query.where(AuditRow.action.in_(actions)).group_by(reason).order_by(reason)).all())


def actors(snapshot: Snapshot, actions: Collection[str], fact: str, values: Collection[str]) -> dict[str, str]:
    """Who did one of these actions last, by what `after` says of the fact."""
    said = AuditRow.after[fact].astext
    lines = select(said, AuditRow.actor).where(AuditRow.action.in_(actions), AuditRow.outcome == "OK", said.in_(values))
    return dict(snapshot.execute(lines.order_by(AuditRow.audit_id)).all())


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    same = {
        AuditRow.object_name: wanted.object_name, AuditRow.actor: wanted.actor, AuditRow.action: wanted.action,
        AuditRow.outcome: wanted.outcome, AuditRow.after["customer"].astext: wanted.customer,
    }  # fmt: skip
    conditions = [column == value for column, value in same.items() if value is not None]
    among = {AuditRow.object_name: wanted.object_names, AuditRow.actor: wanted.actors}
    conditions += [column.in_(values) for column, values in among.items() if values is not None]
    if wanted.since is not None:
        conditions.append(AuditRow.time >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditRow.time < wanted.until)
    return conditions


def _stored(fields: Mapping[str, Any] | None) -> Jsonb | None:
    return None if fields is None else Jsonb(fields)
