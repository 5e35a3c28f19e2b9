"""The canonical event, item and customer: one meaning for files, the wire, the database and the network."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

import polars as pl


class EventType(IntEnum):
    """What a customer did or received. The number is stored and is an input of the network: never renumber."""

    VIEW = 1
    CART = 2
    PURCHASE = 3
    RETURN = 4
    REVIEW = 5
    COUPON = 6
    """A coupon was issued to, or shown by, the customer; `item_id` is null, `channel` says where."""
    MESSAGE = 7
    """A message was sent to the customer; `channel` says by which way."""

    @property
    def word(self) -> str:
        """The lower-case name that files and reports use."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, in UTC; what is not known is None."""

    event_id: str
    """The sender's own key: recording the same id again changes nothing."""
    customer_id: str
    time: datetime
    """Timezone-aware, UTC."""
    event_type: EventType
    order_id: str | None = None
    item_id: str | None = None
    quantity: float | None = None
    """Units, positive also for returns."""
    unit_price_minor: int | None = None
    """Price of one unit in minor units of `currency` (pence, cents)."""
    currency: str | None = None
    """ISO 4217 code."""
    channel: str | None = None
    rating: int | None = None
    """Stars, 1 to 5."""
    dwell_seconds: float | None = None
    text: str | None = None
    attribution_token: str | None = None
    """The token of the score or recommendation that led here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer, by the shop's own pseudonymous id."""

    customer_id: str
    country: str | None = None
    """As the shop writes it; an ISO 3166 code where the shop has one."""
    zone: str | None = None
    """IANA time zone."""
    preferred_channel: str | None = None
    consented_channels: tuple[str, ...] = ()
    """Channels on which the customer agreed to be addressed; empty means none."""


TIME = pl.Datetime("us", "UTC")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before any shop of this kind: who records an earlier event took seconds for milliseconds, as of January 1970."""
LARGEST_QUANTITY = 1e9
"""Units in one event."""

EVENT_SCHEMA = pl.Schema(
    {
        "event_id": pl.String(),
        "customer_id": pl.String(),
        "time": TIME,
        "event_type": pl.Int16(),
        "order_id": pl.String(),
        "item_id": pl.String(),
        "quantity": pl.Float64(),
        "unit_price_minor": pl.Int64(),
        "currency": pl.String(),
        "channel": pl.String(),
        "rating": pl.Int16(),
        "dwell_seconds": pl.Float64(),
        "text": pl.String(),
        "attribution_token": pl.String(),
    }
)
"""Columns of a frame of events, in the order of the database table; only the first four are never null."""

ITEM_SCHEMA = pl.Schema(
    {
        "item_id": pl.String(),
        "title": pl.String(),
        "category": pl.String(),
        "brand": pl.String(),
        "unit_price_minor": pl.Int64(),
        "currency": pl.String(),
    }
)

CUSTOMER_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "country": pl.String(),
        "zone": pl.String(),
        "preferred_channel": pl.String(),
        "consented_channels": pl.List(pl.String()),
    }
)
