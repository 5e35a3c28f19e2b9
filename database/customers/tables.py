"""Customers, and who was erased, so that nobody comes back by an event that was late."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row


class CustomerRow(Row):
    """A customer; a row appears with the first event, by import, or by what a service says of a new one."""

    __tablename__ = "customers"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str | None]
    zone: Mapped[str | None]
    preferred_channel: Mapped[str | None]
    consented_channels: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (
        Index("ix_customers_bytes", "customer_id", postgresql_ops={"customer_id": "text_pattern_ops"}),
        Index(None, "country", "customer_id"),
    )


class ErasedCustomerRow(Row):
    """A customer who was erased, known by a keyed hash of the id: it tells who asks with the id, and nobody else."""

    __tablename__ = "erased_customers"
    id_hash: Mapped[bytes] = mapped_column(primary_key=True)
    """SHA-256 of the key of `erasure_key` and the customer's id."""
    time: Mapped[datetime]


class ErasureKeyRow(Row):
    """The one key of those hashes, drawn by the migration."""

    __tablename__ = "erasure_key"
    key: Mapped[bytes] = mapped_column(primary_key=True)
