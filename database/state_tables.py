"""What is kept of each customer so that a score need not read every event again."""

from sqlalchemy import Identity
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Row


class CustomerStateRow(Row):
    """The version of a customer's events, and the latest of them in one piece."""

    __tablename__ = "customer_states"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Identity())
    """Another one after every change of the customer's events, in the same transaction. None is ever given twice."""
    history: Mapped[bytes | None]
    """As `events.packing` writes it; NULL from a change until somebody packs it anew."""
