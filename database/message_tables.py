"""What was handed over to channels, customer by customer, and counted."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Row


class MessageRow(Row):
    """A campaign's one message to a customer: the row stands before the message leaves, so that it leaves once."""

    __tablename__ = "messages"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    state: Mapped[str]
    """SENDING or WAITING; then HANDED_OVER, REFUSED, NO_CONSENT or LAPSED for good."""
    batch: Mapped[str]
    """Those that left together, and leave together again if nobody knows how far they got."""
    note: Mapped[str | None]
    """Why the channel did not take it."""
    claim_time: Mapped[datetime]
    """When a worker took it to the channel."""
    settle_time: Mapped[datetime | None]
    """When its state became final."""
    __table_args__ = (Index(None, "campaign_id", "state", "customer_id"), Index(None, "customer_id"))


class MessageCountRow(Row):
    """Messages of a campaign whose state became final within an hour, and those that are due: no page counts rows."""

    __tablename__ = "message_counts"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    """A final state, or DUE."""
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
