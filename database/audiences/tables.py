"""Who is in an audience: what is known of each customer, saved segments, frozen audiences, and who was kept out."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row


class CustomerFactsRow(Row):
    """What rules may ask of one customer, as of one time: a column for each fact of `rules.facts`, null if not known.

    One row a customer and no index but the key: a rule may ask anything, so all are read side by side. Columns of
    fixed width stand first, which makes them cheap to reach.
    """

    __tablename__ = "customer_facts"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[datetime]
    """Windows end here, and days are counted back from here."""
    purchase_30: Mapped[float | None]
    purchase_60: Mapped[float | None]
    purchase_90: Mapped[float | None]
    churn: Mapped[float | None]
    returned_share: Mapped[float | None]
    average_rating: Mapped[float | None]
    expected_orders: Mapped[float | None]
    expected_uplift: Mapped[float | None]
    expected_spend: Mapped[int | None]
    spend: Mapped[int | None]
    spend_30: Mapped[int | None]
    spend_90: Mapped[int | None]
    spend_365: Mapped[int | None]
    average_order: Mapped[int | None]
    first_purchase_time: Mapped[datetime | None]
    last_purchase_time: Mapped[datetime | None]
    customer_since: Mapped[datetime | None]
    days_since_score: Mapped[int | None] = mapped_column(Integer)
    orders: Mapped[int | None] = mapped_column(Integer)
    orders_30: Mapped[int | None] = mapped_column(Integer)
    orders_90: Mapped[int | None] = mapped_column(Integer)
    orders_365: Mapped[int | None] = mapped_column(Integer)
    days_since_purchase: Mapped[int | None] = mapped_column(Integer)
    views_30: Mapped[int | None] = mapped_column(Integer)
    carts_30: Mapped[int | None] = mapped_column(Integer)
    days_since_view: Mapped[int | None] = mapped_column(Integer)
    days_since_cart: Mapped[int | None] = mapped_column(Integer)
    days_since_seen: Mapped[int | None] = mapped_column(Integer)
    reviews: Mapped[int | None] = mapped_column(Integer)
    days_as_customer: Mapped[int | None] = mapped_column(Integer)
    coupons_issued: Mapped[int | None] = mapped_column(Integer)
    coupons_redeemed: Mapped[int | None] = mapped_column(Integer)
    days_since_coupon: Mapped[int | None] = mapped_column(Integer)
    days_since_redemption: Mapped[int | None] = mapped_column(Integer)
    campaigns_30: Mapped[int | None] = mapped_column(Integer)
    messages_30: Mapped[int | None] = mapped_column(Integer)
    days_since_message: Mapped[int | None] = mapped_column(Integer)
    on_site_responses: Mapped[int | None] = mapped_column(Integer)
    email_responses: Mapped[int | None] = mapped_column(Integer)
    sms_responses: Mapped[int | None] = mapped_column(Integer)
    push_responses: Mapped[int | None] = mapped_column(Integer)
    days_in_tier: Mapped[int | None] = mapped_column(Integer)
    days_below_tier: Mapped[int | None] = mapped_column(Integer)
    rfm_recency: Mapped[int | None] = mapped_column(Integer)
    rfm_frequency: Mapped[int | None] = mapped_column(Integer)
    rfm_monetary: Mapped[int | None] = mapped_column(Integer)
    has_bought: Mapped[bool | None]
    tier: Mapped[str | None]
    country: Mapped[str | None]
    zone: Mapped[str | None]
    preferred_channel: Mapped[str | None]
    last_category: Mapped[str | None]
    consented_channels: Mapped[list[str] | None]
    campaigns: Mapped[list[str] | None]
    categories: Mapped[list[str] | None]
    uplift_campaign_id: Mapped[str | None]
    """No fact: the campaign that taught what expected_uplift says."""


class SegmentRow(Row):
    """A saved rule whose members are written down from time to time."""

    __tablename__ = "segments"
    segment_id: Mapped[str] = mapped_column(primary_key=True)
    display_name: Mapped[str]
    rule: Mapped[dict[str, Any]]
    """The document of `rules.document`."""
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    rule_revision: Mapped[int] = mapped_column(server_default=text("1"))
    """Revision at which the rule last changed."""
    build: Mapped[int] = mapped_column(server_default=text("0"))
    """Number of the last build that ended well, whose members count; 0 before the first."""
    started_build: Mapped[int] = mapped_column(server_default=text("0"))
    """Number of the last build that began."""
    operation_id: Mapped[str | None]
    """Of the last build that began."""
    built_revision: Mapped[int | None]
    """The rule_revision that the members fit; 0 where a rule that it asks about changed since."""
    member_count: Mapped[int | None]
    build_seconds: Mapped[float | None]
    """From the request to the last member."""
    built_at: Mapped[datetime | None]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (Index(None, "create_time", "segment_id"),)


class SegmentRuleRow(Row):
    """Who gave a segment the rule that it has had since a revision; append-only, and it outlives the segment.

    No foreign key, since the segment may be deleted.
    """

    __tablename__ = "segment_rules"
    segment_id: Mapped[str] = mapped_column(primary_key=True)
    rule_revision: Mapped[int] = mapped_column(primary_key=True)
    author: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)


class SegmentMemberRow(Row):
    """A customer who fitted a segment's rule at a build; only members of its current build count."""

    __tablename__ = "segment_members"
    segment_id: Mapped[str] = mapped_column(ForeignKey(SegmentRow.segment_id), primary_key=True)
    build: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    __table_args__ = (Index(None, "customer_id"),)


class AudienceRow(Row):
    """A customer of a launched campaign, frozen with what the decision was made from.

    No foreign key: one statement writes all rows of a campaign, and would look for that one campaign at each of them,
    which takes longer than writing them.
    """

    __tablename__ = "audiences"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[str]
    tier_scheme: Mapped[int]
    model_id: Mapped[str]
    purchase_90: Mapped[float]
    spend_minor: Mapped[int]
    arm: Mapped[str] = mapped_column(server_default=text("'offer'"))
    """The group of the experiment; who is in `holdout` gets nothing."""
    channel: Mapped[str] = mapped_column(server_default=text("'ON_SITE'"))
    """By which the offer reaches the customer, or would if the customer were not held out."""
    channel_reason: Mapped[str] = mapped_column(server_default=text("'ORDER'"))
    inputs: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The values that the decision read, in the order of the names in the campaign's `frozen_from`; an erasure clears
    them."""


class ExclusionRow(Row):
    """A customer of an offered tier who fitted a campaign's rule and is not in its audience, with the reason.

    No foreign key, for the reason that audiences have none.
    """

    __tablename__ = "exclusions"
    campaign_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    """An exclusion of `campaigns.audiences.eligibility`."""
    tier: Mapped[str | None]
    inputs: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """As in an audience; an erasure deletes the row."""
    __table_args__ = (Index(None, "customer_id"),)
