"""What the network says about a customer: plain values, free of tensors, that every door may import."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

NAMED = 5
"""Customers in one message."""


class Strategy(StrEnum):
    """How recommendations are found."""

    HYBRID = "hybrid"
    """All of the others, blended with weights that were chosen on held-out purchases."""
    DEEP = "deep"
    """The network's next-item head."""
    TOGETHER = "together"
    """Items bought soon after, or together with, what the customer bought last."""
    POPULAR = "popular"
    """What everybody bought lately."""
    CONTENT = "content"
    """Items whose title and category resemble what the customer bought last."""
    AGAIN = "again"
    """What the customer bought often and lately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one customer will do after `as_of`, seen from strictly before it."""

    customer_id: str
    as_of: datetime
    """UTC."""
    purchase_30: float
    """Probability of at least one order within 30 days; never above `purchase_60`."""
    purchase_60: float
    purchase_90: float
    churn: float
    """Probability that the customer does nothing at all within 90 days; at most 1 - `purchase_90`."""
    spend_minor: int
    """Expected spend within 90 days (the mean, also over those who buy nothing), minor units of `currency`."""
    spend_low_minor: int
    """Four of five such customers spend at least this much within 90 days, and at most `spend_high_minor`."""
    spend_high_minor: int
    expected_orders: float
    """Within 90 days (the mean, also over those who buy nothing); at least `purchase_90`."""
    currency: str
    """ISO 4217 code."""
    model_id: str
    market: str = ""
    """Whose adapter answered; empty where the model answered as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """How much one feature or one group of events moved the logit of `purchase_90`."""

    kind: str
    """'feature', 'event' or 'season'."""
    name: str
    """The feature's name in the registry, or the group of events."""
    logit: float
    points: float
    """Share of the difference in probability, in percentage points; the points of all contributions add up to it."""
    words: str
    """For a reader in marketing: 'bought 3 times in the last 30 days'."""
    time: datetime | None = None
    """When the event happened, for a contribution of one single event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a customer got a score: `base_logit` and the contributions' logits add up to the logit of `purchase_90`."""

    score: Score
    base_logit: float
    """Calibrated logit of a customer of whom nothing is known, at no particular time of the year."""
    logit: float
    """Calibrated logit of `score.purchase_90`."""
    contributions: tuple[Contribution, ...]
    """Largest effect first."""
    event_effects: tuple["EventEffect", ...] = ()
    """Largest effect first; empty where nobody asked for them."""
    contrasts: tuple["Contrast", ...] = ()
    """Fewest events first; likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEffect:
    """What one event is worth to a score: everything was asked anew without it. Effects do not add up."""

    action: int
    """Its place among the customer's actions, from 0."""
    name: str
    """The event's type."""
    time: datetime
    words: str
    logit: float
    """By how much the logit of `purchase_90` is higher with the event."""
    points: float
    """The same of the probability, in percentage points."""


class Change(StrEnum):
    """What more may happen to a customer, or be done for one."""

    MESSAGE = "message"
    COUPON = "coupon"
    VIEW = "view"
    CART = "cart"
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """The least of one kind of change with which the model would place a customer above a border.

    It tells how the model behaves, not what such a change would cause.
    """

    change: Change
    count: int
    words: str
    """'2 more orders of 45.20 GBP'."""
    score: Score
    """What the model says of the customer so changed."""


class Why(StrEnum):
    """What speaks for an item."""

    BOUGHT_BEFORE = "bought_before"
    BOUGHT_AFTER = "bought_after"
    """Often bought after another item, or together with it."""
    SIMILAR = "similar"
    """To another item by title and category."""
    SIMILAR_CUSTOMERS = "similar_customers"
    """What the network expects next."""
    POPULAR = "popular"
    IN_CATALOGUE = "in_catalogue"
    """Nothing else."""
    LOOKED_AT = "looked_at"
    """Lately, or put in the cart, without being bought."""


class Reason(NamedTuple):
    """Why an item is recommended: a value, which `reasons.item_words` puts into words."""

    why: Why
    source_id: str | None = None
    """The other item, where one speaks for it."""
    title: str | None = None
    """Of the other item; None where it has none."""


class Unavailable(NamedTuple):
    """The items that cannot be had at the moment; one text passes between processes as fast as memory is copied."""

    revision: int = 0
    """Equal ones have equal items."""
    item_ids: str = ""
    """One a line."""


ALL_THERE = Unavailable()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One item for one customer."""

    item_id: str
    score: float
    """Larger is better; comparable within one list only."""
    reason: Reason


class UnknownItem(LookupError):
    """The model has never seen this item."""

    def __init__(self, item_id: str) -> None:
        super().__init__(
            f"item_id: {item_id!r} was unknown when the model was trained; use one from the items it knows"
        )
        self.item_id = item_id


class NoNumber(ValueError):
    """The model says NaN or infinity of some customers, whose scores are not to be had."""

    def __init__(self, model_id: str, customer_ids: Sequence[str]) -> None:
        more = f" and {len(customer_ids) - NAMED:,} more" if len(customer_ids) > NAMED else ""
        super().__init__(f"models/{model_id} says no number of {', '.join(customer_ids[:NAMED])}{more}")


class ModelRejected(ValueError):
    """A model folder is incomplete, altered or from another version; the message names the file and what to do."""
