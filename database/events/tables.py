"""What happened, the catalogue, the files it came from, and what is kept of it for the next score and for reports."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Identity, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row

OF_MESSAGES = text("event_type IN (6, 7)")


class EventRow(Row):
    """The canonical event; columns stand in the order of events.EVENT_SCHEMA."""

    __tablename__ = "events"
    event_id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """Ordered by its bytes, as frames order strings, whatever the database's own collation."""
    customer_id: Mapped[str]
    time: Mapped[datetime]
    event_type: Mapped[int] = mapped_column(SmallInteger)
    order_id: Mapped[str | None]
    item_id: Mapped[str | None]
    quantity: Mapped[float | None]
    unit_price_minor: Mapped[int | None]
    currency: Mapped[str | None]
    channel: Mapped[str | None]
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    dwell_seconds: Mapped[float | None]
    text: Mapped[str | None]
    attribution_token: Mapped[str | None]
    record_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (
        Index(None, "customer_id", "time", "event_id"),
        Index(
            "ix_events_messages", "time", postgresql_where=OF_MESSAGES,
            postgresql_include=["event_type", "channel", "customer_id"],
        ),
    )  # fmt: skip


class CountedMessagesRow(Row):
    """What customers were sent (or shown, of coupons) by a channel on a day, UTC."""

    __tablename__ = "counted_messages"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    event_type: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """COUPON or MESSAGE."""
    channel: Mapped[str] = mapped_column(primary_key=True)
    """In capitals; UNKNOWN where the event has none."""
    messages: Mapped[int]
    customers: Mapped[int]


class UncountedMessagesRow(Row):
    """A trigger's note that messages of a day came, or that some are gone, since they were counted."""

    __tablename__ = "uncounted_messages"
    number: Mapped[int] = mapped_column(Identity(), primary_key=True)
    day: Mapped[date] = mapped_column(Date, index=True)
    event_type: Mapped[int | None] = mapped_column(SmallInteger)
    """Null where the day has to be counted whole."""
    channel: Mapped[str | None]
    messages: Mapped[int | None]
    """That are gone."""
    customers: Mapped[int | None]
    """Who have none of that day, kind and channel any more."""


class ItemRow(Row):
    """A product of the catalogue."""

    __tablename__ = "items"
    item_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str | None]
    category: Mapped[str | None]
    brand: Mapped[str | None]
    unit_price_minor: Mapped[int | None]
    currency: Mapped[str | None]
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)


class AvailabilityRow(Row):
    """Whether an item can be had; one that never could not has no row."""

    __tablename__ = "availability"
    item_id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    available: Mapped[bool]
    revision: Mapped[int] = mapped_column(Identity(), index=True)
    """Another one after each change. Changes commit in the order of their revisions: the greatest says what is read."""
    change_time: Mapped[datetime] = mapped_column(server_default=NOW)


class ImportRow(Row):
    """One file that was imported, with what each cleaning step did to it."""

    __tablename__ = "imports"
    import_id: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the file's bytes and of the options it was read with."""
    kind: Mapped[str]
    file_name: Mapped[str]
    state: Mapped[str]
    report: Mapped[dict[str, Any]]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    finish_time: Mapped[datetime | None]


class RejectedRow(Row):
    """A row of a file that did not become an event, as it was, with the reason."""

    __tablename__ = "rejected_rows"
    import_id: Mapped[str] = mapped_column(ForeignKey(ImportRow.import_id), primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True)
    """Counted from 1, the first row after the header."""
    reason: Mapped[str]
    content: Mapped[dict[str, Any]]
    __table_args__ = (Index("ix_rejected_rows_values", text("values_of(content)"), postgresql_using="gin"),)


class CustomerStateRow(Row):
    """The version of a customer's events, and the latest of them in one piece."""

    __tablename__ = "customer_states"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Identity())
    """Another one after every change of the customer's events, in the same transaction. None is ever given twice."""
    history: Mapped[bytes | None]
    """As `events.packing` writes it; NULL from a change until somebody packs it anew."""
