"""Codes, issued or brought along; what holds, uses and hands them over; whether the books agreed; counts of reports."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Identity, Index, Integer, SmallInteger, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from database.row import Row
from database.terms.tables import CampaignRow

ZERO = text("0")
OPEN = text("state IN ('SENDING', 'WAITING')")
"""Of a message: on its way or waiting."""


class ByHandCouponRow(Row):
    """That a coupon was given by hand: its customer is not in the audience, so no group of the experiment counts it."""

    __tablename__ = "by_hand_coupons"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)


class CouponRow(Row):
    """One code for one customer of one campaign."""

    __tablename__ = "coupons"
    code: Mapped[str] = mapped_column(primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey(CampaignRow.campaign_id))
    customer_id: Mapped[str]
    tier: Mapped[str]
    channel: Mapped[str]
    discount: Mapped[dict[str, Any]]
    state: Mapped[str]
    """ISSUED, REDEEMED or BLOCKED."""
    issue_time: Mapped[datetime]
    close_time: Mapped[datetime | None] = mapped_column()
    """Since when nobody may use it though its campaign runs: its customer was erased."""
    __table_args__ = (
        Index("uq_coupons_campaign_id_customer_id", "campaign_id", "customer_id", unique=True),
        Index(None, "customer_id"),
    )
    expire_time: Mapped[datetime] = column_property(
        func.least(
            close_time,
            # Also where the query itself reads campaigns.
            select(CampaignRow.end_time)
            .where(CampaignRow.campaign_id == campaign_id)
            .correlate_except(CampaignRow)
            .scalar_subquery(),
        )
    )
    """As `database.terms.validity` has it."""
    by_hand: Mapped[bool] = column_property(
        select(ByHandCouponRow)
        .where(ByHandCouponRow.campaign_id == campaign_id, ByHandCouponRow.code == code)
        .correlate_except(ByHandCouponRow)
        .exists()
    )
    """Whether somebody gave it: its `channel` is of no message then."""


class WithdrawnCouponRow(Row):
    """A trigger's note that a coupon was blocked, or its customer erased: it may be that nobody can use it any more."""

    __tablename__ = "withdrawn_coupons"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)


class OwnCodeRow(Row):
    """A code that a campaign's launch gives out in the place of a new one; giving it out takes it away from here."""

    __tablename__ = "own_codes"
    code: Mapped[str] = mapped_column(primary_key=True)
    """Normalised, as it is looked up."""
    campaign_id: Mapped[str] = mapped_column(ForeignKey(CampaignRow.campaign_id, ondelete="CASCADE"))
    customer_id: Mapped[str | None]
    """For whom it is; null for whoever comes first."""
    place: Mapped[int] = mapped_column(Identity())
    """First come, first given out."""
    __table_args__ = (
        Index(None, "campaign_id", "place"),
        Index("uq_own_codes_customer_id_campaign_id", "customer_id", "campaign_id", unique=True),
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
    place_of: Mapped[str | None]
    """The first reservation of the code that the order held without a break, where it is not this one: what is held
    anew keeps its place among the order's coupons."""
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
        Index("ix_redemptions_given_back", "campaign_id", postgresql_where=text("given_back")),
        Index(None, "code", "order_id", unique=True),
        Index(None, "campaign_id", "redeem_time", postgresql_include=["given_back"]),
        CheckConstraint("refunded_minor BETWEEN 0 AND discount_minor", name="refunded"),
    )


class MessageRow(Row):
    """A campaign's one message to a customer: the row stands before the message leaves, so that it leaves once."""

    __tablename__ = "messages"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    state: Mapped[str]
    """SENDING or WAITING; then HANDED_OVER, NO_CONSENT or LAPSED for good, or REFUSED until the next hand-over."""
    batch: Mapped[str]
    """Those that left together, and leave together again if nobody knows how far they got."""
    note: Mapped[str | None]
    """Why the channel did not take it."""
    claim_time: Mapped[datetime]
    """When a worker took it to the channel."""
    settle_time: Mapped[datetime | None]
    """When its state became final."""
    __table_args__ = (
        Index(None, "campaign_id", "state", "customer_id"),
        Index(None, "customer_id"),
        Index("ix_messages_open", "campaign_id", "channel", "state", "claim_time", postgresql_where=OPEN),
        Index("ix_messages_open_batch", "campaign_id", "batch", postgresql_where=OPEN),
    )


class MessageCountRow(Row):
    """Messages of a campaign whose state became final within an hour, and those that are due: no page counts rows."""

    __tablename__ = "message_counts"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    """A final state, or DUE."""
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


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


class CountedCampaignRow(Row):
    """When the rows of a launched campaign were counted for reports, and what its counters said just before."""

    __tablename__ = "counted_campaigns"
    campaign_id: Mapped[str] = mapped_column(ForeignKey(CampaignRow.campaign_id), primary_key=True)
    count_time: Mapped[datetime]
    settled: Mapped[bool]
    """Whether it was over for so long that its counts change with these counters only."""
    spent_count: Mapped[int]
    spent_minor: Mapped[int]
    """Of all its shards: every redemption, refund and code given back moves one of the two."""
    used_until: Mapped[datetime | None]
    """Uses of codes before it are counted with the groups; null where an earlier version counted."""
    count_seconds: Mapped[float] = mapped_column(server_default=ZERO)
    """How long that took."""


class CountedGroupRow(Row):
    """How far the customers of one tier, channel and arm of a campaign came, the holdout among them."""

    __tablename__ = "counted_groups"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    arm: Mapped[str] = mapped_column(primary_key=True)
    customers: Mapped[int]
    issued_count: Mapped[int]
    buyers: Mapped[float]
    """Sum of the probabilities, of whom a coupon was issued to, to buy within 90 days of the launch."""
    held_count: Mapped[int]
    redeemed_count: Mapped[int]
    given_back_count: Mapped[int]
    """Coupons that were used and given back at least once."""
    open_count: Mapped[int]
    discount_minor: Mapped[int]
    """Taken off orders less refunds."""
    spend_minor: Mapped[int] = mapped_column(server_default=ZERO)
    """Sum of what they, of whom a coupon was issued to, are expected to spend in that time."""
    used_count: Mapped[int] = mapped_column(server_default=ZERO)
    """Uses of codes, also of those that were given back."""
    used_buyers: Mapped[float] = mapped_column(server_default=ZERO)
    used_spend_minor: Mapped[int] = mapped_column(server_default=ZERO)
    """The same two sums, of each such use."""


class CountedDayRow(Row):
    """What happened in such a group on a day, UTC: coupons issued, and redemptions of that day."""

    __tablename__ = "counted_days"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    tier: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    arm: Mapped[str] = mapped_column(primary_key=True)
    issued_count: Mapped[int]
    redeemed_count: Mapped[int]
    given_back_count: Mapped[int]
    order_minor: Mapped[int]
    discount_minor: Mapped[int]
    refunded_minor: Mapped[int]
