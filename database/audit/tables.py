"""The audit log: its lines, the chain that seals them, and what stands in them for a customer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from database.row import Row


class AuditRow(Row):
    """Who did what to what, when, and why; the table refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "audit_log"
    audit_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    time: Mapped[datetime]
    actor: Mapped[str]
    """role:name, such as marketer:anna."""
    action: Mapped[str]
    object_name: Mapped[str]
    object_version: Mapped[int | None]
    """The object's revision after the action."""
    outcome: Mapped[str]
    """OK, DENIED, FAILED or DRY_RUN."""
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    basis: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The model and the versions of policy that a decision was made from."""
    reason: Mapped[str | None]
    request_id: Mapped[str | None]
    transaction_id: Mapped[int] = mapped_column(server_default=text("pg_current_xact_id()::text::bigint"))
    """Tells the sealer which lines are past changing: those of transactions that are over."""
    __table_args__ = (
        Index(None, "object_name", "audit_id"),
        Index(None, "actor", "audit_id"),
        Index(None, "action", "audit_id"),
        Index(None, "outcome", "audit_id"),
        Index(None, "transaction_id"),
        # Lines come about in the order of their time, so that the ranges of pages are enough, at no price for writers.
        Index(None, "time", postgresql_using="brin", postgresql_with={"autosummarize": True}),
    )


class SubjectRow(Row):
    """What the audit log calls a customer.

    Kept apart from the log, which cannot be changed: erasing a customer deletes this row, and nobody can tell any more
    of whom the log speaks.
    """

    __tablename__ = "audit_subjects"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(unique=True)


class SealRow(Row):
    """The place of a line in the chain; the table refuses UPDATE, DELETE and TRUNCATE, as the log does.

    In a table of its own, because the log's lines are written before anyone can know their place.
    """

    __tablename__ = "audit_seals"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1, without gaps."""
    audit_id: Mapped[int] = mapped_column(unique=True)
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]


class CheckpointRow(Row):
    """Where the chain stood when a batch of lines was sealed; copies leave the machine. Append-only too."""

    __tablename__ = "audit_checkpoints"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]
    time: Mapped[datetime]
