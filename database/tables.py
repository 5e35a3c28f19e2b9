"""Every table. Rows are named after the value they hold: CampaignRow holds a Campaign."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Text,
    cast,
    column,
    func,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
NOW = text("now()")
SHARDS = table("budget_shards", column("campaign_id"), column("spent_count"), column("spent_minor"))
"""Of `database.budget_tables`, which stands on this module."""


def spent(counter: str, campaign_id: Mapped[str]) -> ColumnElement[int]:
    """What all shards of a campaign count."""
    total = cast(func.coalesce(func.sum(SHARDS.c[counter]), 0), BigInteger)
    return select(total).where(SHARDS.c.campaign_id == campaign_id).scalar_subquery()


class Row(DeclarativeBase):
    """The base of all rows: strings are text, times carry their zone, integers are 64 bits wide."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
        bytes: BYTEA,
    }

    def columns(self) -> dict[str, Any]:
        """The content by the names of the columns."""
        return {column.key: getattr(self, column.key) for column in self.__table__.columns}


class CustomerRow(Row):
    """A customer; a row appears with the first event or by import."""

    __tablename__ = "customers"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str | None]
    zone: Mapped[str | None]
    preferred_channel: Mapped[str | None]
    consented_channels: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)


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
    __table_args__ = (Index(None, "customer_id", "time", "event_id"),)


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


class ModelRow(Row):
    """A trained network in the registry; its weights are a folder of that name."""

    __tablename__ = "models"
    model_id: Mapped[str] = mapped_column(primary_key=True)
    folder: Mapped[str]
    manifest: Mapped[dict[str, Any]]
    state: Mapped[str]
    """CANDIDATE, SHADOW, CANARY, ACTIVE or RETIRED."""
    canary_share: Mapped[float | None]
    """Of the customers; of a CANARY only."""
    predecessor: Mapped[str | None]
    """Which model answered when this one became ACTIVE."""
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    activate_time: Mapped[datetime | None]
    move_time: Mapped[datetime | None]
    """Into its state or its share; null where it never moved."""
    __table_args__ = (
        Index(
            "uq_models_state", "state", unique=True, postgresql_where=text("state IN ('SHADOW', 'CANARY', 'ACTIVE')")
        ),
    )


class TierSchemeRow(Row):
    """A version of the thresholds that turn a measure into high, mid and low."""

    __tablename__ = "tier_schemes"
    version: Mapped[int] = mapped_column(Identity(), primary_key=True)
    measure: Mapped[str]
    method: Mapped[str]
    """ABSOLUTE (thresholds on the measure) or QUANTILE (shares from the top, turned into thresholds by rescoring)."""
    parameters: Mapped[dict[str, Any]]
    thresholds: Mapped[dict[str, Any] | None]
    margin: Mapped[float] = mapped_column(server_default=text("0"))
    grace_days: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    active: Mapped[bool]
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (Index("uq_tier_schemes_active", "active", unique=True, postgresql_where=text("active")),)


class ScoreRow(Row):
    """The last stored score of a customer."""

    __tablename__ = "scores"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str]
    as_of: Mapped[datetime]
    purchase_30: Mapped[float]
    purchase_60: Mapped[float]
    purchase_90: Mapped[float]
    churn: Mapped[float]
    spend_minor: Mapped[int]
    spend_low_minor: Mapped[int]
    spend_high_minor: Mapped[int]
    currency: Mapped[str]
    operation_id: Mapped[str]
    """The rescoring that wrote this row: the same operation never writes it twice."""
    tier: Mapped[str | None]
    """Given at the end of a rescoring, like the columns after it; null until the first one that met the customer."""
    tier_scheme: Mapped[int | None]
    tier_model_id: Mapped[str | None]
    """The model whose score gave the tier."""
    tier_since: Mapped[datetime | None]
    below_since: Mapped[datetime | None]
    """As-of time of the first rescoring in a row that found the measure below the tier's margin."""
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (Index(None, "tier", "customer_id"),)


class OperationRow(Row):
    """Bulk work in progress or done; progress commits with the rows it counts."""

    __tablename__ = "operations"
    operation_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    """RUNNING, SUCCEEDED, FAILED or CANCELLED."""
    request: Mapped[dict[str, Any]]
    cursor: Mapped[str | None]
    done_count: Mapped[int] = mapped_column(server_default=text("0"))
    total_count: Mapped[int | None]
    cancel_requested: Mapped[bool] = mapped_column(server_default=text("false"))
    error: Mapped[str | None]
    response: Mapped[dict[str, Any] | None]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (Index(None, "create_time", "operation_id"),)


class OutboxRow(Row):
    """Work written down with the change that causes it; a relay hands it to the broker."""

    __tablename__ = "outbox"
    outbox_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    task: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    claim_time: Mapped[datetime | None]
    """When a relay took it; it is free again when that relay dies."""


class RequestRow(Row):
    """The answer given to a request id, so that a replay gets the same one."""

    __tablename__ = "requests"
    method: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes]
    response: Mapped[bytes | None]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    named: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    """Customers whom the answer names, by `database.traces`; null of answers from before they were noted."""
    __table_args__ = (
        Index(None, "create_time"),
        Index(None, "named", postgresql_using="gin"),
        Index("ix_requests_not_noted", "create_time", postgresql_where=text("named IS NULL AND response IS NOT NULL")),
    )


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
    ran_to_its_end: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it was active when its time was over; only such a campaign teaches."""
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    """Of the plan, which the columns repeat."""
    held_out_count: Mapped[int] = mapped_column(server_default=text("0"))
    issued_count: Mapped[int] = mapped_column(server_default=text("0"))
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
    """ISSUED or REDEEMED."""
    issue_time: Mapped[datetime]
    expire_time: Mapped[datetime]
    __table_args__ = (
        Index("uq_coupons_campaign_id_customer_id", "campaign_id", "customer_id", unique=True),
        Index(None, "customer_id"),
    )
