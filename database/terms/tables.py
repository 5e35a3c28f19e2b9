"""Campaigns."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Index,
    Integer,
    SmallInteger,
    cast,
    column,
    func,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from database.row import NOW, Row

SHARDS = table("budget_shards", column("campaign_id"), column("spent_count"), column("spent_minor"))
"""Of `database.budgets.tables`, which stands on this module."""


def spent(counter: str, campaign_id: Mapped[str]) -> ColumnElement[int]:
    """What all shards of a campaign count."""
    total = cast(func.coalesce(func.sum(SHARDS.c[counter]), 0), BigInteger)
    return select(total).where(SHARDS.c.campaign_id == campaign_id).scalar_subquery()


class CampaignRow(Row):
    """A campaign: which tier gets which discount on which channel."""

    __tablename__ = "campaigns"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    display_name: Mapped[str]
    state: Mapped[str]
    offers: Mapped[dict[str, Any]]
    """Tier to discount and channels."""
    zone: Mapped[str]
    start_time: Mapped[datetime]
    end_time: Mapped[datetime]
    redemption_limit: Mapped[int | None]
    """Redemptions over the whole campaign; null means one for each coupon."""
    rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The document of `rules.document` that narrows the audience; null means everyone of the offered tiers."""
    holdout_percent: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    channel_choice: Mapped[str] = mapped_column(server_default=text("'ORDER'"))
    offer_caps: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    """Offers and the days that they are counted over, each."""
    excluded_campaigns: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    audience_limit: Mapped[int | None]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    exclusivity_group: Mapped[str | None]
    alone: Mapped[bool] = mapped_column(server_default=text("false"))
    arms: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    """Variants of the discounts: name, weight, and tier to discount where it differs from `offers`."""
    margin_percent: Mapped[int | None] = mapped_column(SmallInteger)
    recurrence: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Cron expression in the zone, and the days that an occurrence lasts; null means that it happens once."""
    series: Mapped[str | None]
    """The campaign_id whose occurrence this is."""
    series_version: Mapped[int | None] = mapped_column(Integer)
    """The version of the series that it was made from, which was approved."""
    due_time: Mapped[datetime | None]
    """When the clock launches it, or its next occurrence."""
    launch_time: Mapped[datetime | None]
    """When the audience was frozen."""
    activate_time: Mapped[datetime | None]
    """When every coupon was issued."""
    finish_time: Mapped[datetime | None]
    """When it became ENDED."""
    ran_to_its_end: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it was active when its time was over; only such a campaign teaches."""
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    """Of the plan, which the columns repeat."""
    proposed_version: Mapped[int | None] = mapped_column(Integer)
    """Of the plan, while it runs by `version`: put in force when it is approved. Null where none is proposed."""
    held_out_count: Mapped[int] = mapped_column(server_default=text("0"))
    issued_count: Mapped[int] = mapped_column(server_default=text("0"))
    by_hand_count: Mapped[int] = mapped_column(server_default=text("0"))
    """Of those, the ones that were given by hand."""
    collision_count: Mapped[int] = mapped_column(server_default=text("0"))
    """Codes that were drawn and taken already."""
    budget_minor: Mapped[int | None]
    """Most that coupons may take off orders in all; null means without limit."""
    budget_confidence: Mapped[float | None]
    """Issuing stops before the budget would be exceeded with a higher probability than one minus this."""
    refund_gives_code_back: Mapped[bool] = mapped_column(server_default=text("false"))
    over_budget_count: Mapped[int] = mapped_column(server_default=text("0"))
    """Customers whom the launch left out because the budget could not bear their coupons."""
    budget_share: Mapped[float] = mapped_column(server_default=text("1"))
    """The share of the audience that it could bear: who is drawn beyond it is left out."""
    frozen_from: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the audience was frozen from; the document of `campaigns.audiences.frozen`."""
    currency: Mapped[str]
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (
        Index(None, "create_time", "campaign_id"),
        Index(None, "state", "create_time", "campaign_id"),
        Index(None, "display_name", "campaign_id"),
        Index(None, "end_time", "campaign_id"),
        Index(
            "ix_campaigns_live",
            "end_time",
            "campaign_id",
            postgresql_where=text("state IN ('LAUNCHING', 'ACTIVE', 'PAUSED')"),
        ),
        CheckConstraint("end_time > start_time", name="window"),
    )
    redeemed_count: Mapped[int] = column_property(spent("spent_count", campaign_id))
    discounted_minor: Mapped[int] = column_property(spent("spent_minor", campaign_id))
