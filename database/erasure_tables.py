"""Tables of who was erased, so that nobody comes back by an event that was late."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Row


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
