"""What campaigns may use: limits in shards, and the ledger of every change."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from database.row import Row
from database.terms.tables import CampaignRow

ZERO = text("0")


class BudgetShardRow(Row):
    """A part of what a campaign may use: a cache of its ledger. Hot campaigns have several, so that nobody queues."""

    __tablename__ = "budget_shards"
    campaign_id: Mapped[str] = mapped_column(ForeignKey(CampaignRow.campaign_id), primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """From 0."""
    quota_count: Mapped[int | None]
    """Redemptions that this shard may give, reserved ones among them; those of all shards add up to the limit."""
    quota_minor: Mapped[int | None]
    """Money, likewise; null in all shards means without limit."""
    reserved_count: Mapped[int] = mapped_column(server_default=ZERO)
    reserved_minor: Mapped[int] = mapped_column(server_default=ZERO)
    spent_count: Mapped[int] = mapped_column(server_default=ZERO)
    spent_minor: Mapped[int] = mapped_column(server_default=ZERO)
    """What was taken off orders, less refunds."""
    __table_args__ = (
        CheckConstraint("least(reserved_count, reserved_minor, spent_count, spent_minor) >= 0", name="nothing_owed"),
        CheckConstraint("reserved_count + spent_count <= quota_count", name="count"),
        CheckConstraint("reserved_minor + spent_minor <= quota_minor", name="minor"),
    )


class LedgerRow(Row):
    """One change of what a campaign has reserved and spent: the truth. The table refuses UPDATE, DELETE and TRUNCATE.

    It names nobody: the customer is on the coupon, and can be forgotten there.
    """

    __tablename__ = "ledger"
    key: Mapped[str] = mapped_column(primary_key=True)
    """What happened to what, so that it is booked once: redeem/<redemption_id>."""
    number: Mapped[int] = mapped_column(Identity())
    """Ascending with the order of booking."""
    kind: Mapped[str]
    """RESERVE, RELEASE, EXPIRE, REDEEM or REFUND."""
    time: Mapped[datetime]
    campaign_id: Mapped[str]
    shard: Mapped[int] = mapped_column(SmallInteger)
    code: Mapped[str]
    reserved_count: Mapped[int] = mapped_column(server_default=ZERO)
    reserved_minor: Mapped[int] = mapped_column(server_default=ZERO)
    spent_count: Mapped[int] = mapped_column(server_default=ZERO)
    spent_minor: Mapped[int] = mapped_column(server_default=ZERO)
    """Signed; the sums over a campaign's entries are its shards' counters."""
    __table_args__ = (Index(None, "campaign_id"), Index(None, "code"))
