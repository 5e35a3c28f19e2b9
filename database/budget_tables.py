"""Tables of what campaigns may use and have used: budgets in shards, reservations, redemptions, and their ledger."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import CampaignRow, CouponRow, Row

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


class ReservationRow(Row):
    """A code held for an order until a time; who holds it is on the coupon."""

    __tablename__ = "reservations"
    reservation_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    campaign_id: Mapped[str]
    order_id: Mapped[str]
    order_minor: Mapped[int]
    discount_minor: Mapped[int]
    """Held of the budget."""
    currency: Mapped[str]
    shard: Mapped[int] = mapped_column(SmallInteger)
    """Whose budget holds it."""
    state: Mapped[str]
    """HELD, REDEEMED, RELEASED or EXPIRED; one that is HELD counts only until its expire_time."""
    reserve_time: Mapped[datetime]
    expire_time: Mapped[datetime]
    __table_args__ = (
        Index("uq_reservations_held", "code", unique=True, postgresql_where=text("state = 'HELD'")),
        Index("ix_reservations_held", "campaign_id", "expire_time", postgresql_where=text("state = 'HELD'")),
        Index(None, "code"),
        Index("ix_reservations_held_for", "order_id", postgresql_where=text("state = 'HELD'")),
    )


class RedemptionRow(Row):
    """A use of a code on an order, and what became of it."""

    __tablename__ = "redemptions"
    redemption_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey(CouponRow.code))
    campaign_id: Mapped[str]
    customer_id: Mapped[str]
    order_id: Mapped[str] = mapped_column(index=True)
    order_minor: Mapped[int]
    discount_minor: Mapped[int]
    currency: Mapped[str]
    redeem_time: Mapped[datetime]
    reservation_id: Mapped[str | None]
    """What held the code before."""
    shard: Mapped[int] = mapped_column(SmallInteger, server_default=ZERO)
    """Whose budget paid it."""
    refunded_minor: Mapped[int] = mapped_column(server_default=ZERO)
    given_back: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the code may be used again: then this use counts no more."""
    __table_args__ = (
        Index("uq_redemptions_used", "code", unique=True, postgresql_where=text("NOT given_back")),
        Index(None, "code", "order_id", unique=True),
        Index(None, "campaign_id", "redeem_time", postgresql_include=["given_back"]),
        CheckConstraint("refunded_minor BETWEEN 0 AND discount_minor", name="refunded"),
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


class ReconciliationRow(Row):
    """Whether the ledger and the counters of a campaign agreed when someone compared them."""

    __tablename__ = "reconciliations"
    operation_id: Mapped[str] = mapped_column(primary_key=True)
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    time: Mapped[datetime]
    figures: Mapped[int] = mapped_column(Integer)
    """That were compared."""
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Name, truth and counter of each figure that did not agree; empty is good."""
