"""Bulk work, the outbox, and the answers that were given."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row


class OperationRow(Row):
    """Bulk work in progress or done; progress commits with the rows it counts."""

    __tablename__ = "operations"
    operation_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    """RUNNING, SUCCEEDED, FAILED or CANCELLED."""
    request: Mapped[dict[str, Any]]
    cursor: Mapped[str | None]
    done_count: Mapped[int] = mapped_column(server_default=text("0"))
    total_count: Mapped[int | None]
    cancel_requested: Mapped[bool] = mapped_column(server_default=text("false"))
    error: Mapped[str | None]
    """In English."""
    why: Mapped[dict[str, Any] | None]
    """The same as a value; null beside words of before there were any."""
    response: Mapped[dict[str, Any] | None]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)
    """Of the last sign of life."""
    turn: Mapped[int] = mapped_column(server_default=text("0"))
    """How many tasks handed the rest of the work to a next one."""
    revive_time: Mapped[datetime | None]
    """When it was silent and handed to the workers again, which is no sign of life."""
    __table_args__ = (
        Index(None, "create_time", "operation_id"),
        Index(None, "kind", "create_time", "operation_id"),
        Index(None, "state", "create_time", "operation_id"),
    )


class AttemptRow(Row):
    """Attempts at an operation that did not end, or not yet: a row while there are any."""

    __tablename__ = "attempts"
    operation_id: Mapped[str] = mapped_column(primary_key=True)
    done_count: Mapped[int]
    """How far the operation was when the last one began, in customers and in turns."""
    turn: Mapped[int]
    count: Mapped[int]
    """That began since it is as far as this."""


class DutyRow(Row):
    """What the clock looks after each minute."""

    __tablename__ = "duties"
    duty: Mapped[str] = mapped_column(primary_key=True)
    well_time: Mapped[datetime]
    """When it ended well last, or was first to be done."""
    error: Mapped[str | None]
    """Why it fails since, in English, where that says more than the value."""
    why: Mapped[dict[str, Any] | None]
    """The same as a value: a code and facts."""


class OutboxRow(Row):
    """Work written down with the change that causes it; a relay hands it to the broker."""

    __tablename__ = "outbox"
    outbox_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    task: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    claim_time: Mapped[datetime | None]
    """When a relay took it; it is free again when that relay dies."""


class RequestRow(Row):
    """The answer given to a request id, so that a replay gets the same one."""

    __tablename__ = "requests"
    method: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes]
    response: Mapped[bytes | None]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    named: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    """Customers whom the answer names, by `database.customers.traces`; null of answers from before they were noted."""
    __table_args__ = (
        Index(None, "create_time"),
        Index(None, "named", postgresql_using="gin"),
        Index("ix_requests_not_noted", "create_time", postgresql_where=text("named IS NULL AND response IS NOT NULL")),
    )
