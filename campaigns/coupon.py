"""A coupon, an order it may be used on, and whether it buys anything there. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaigns.budget import Use
from campaigns.campaign import Campaign, CampaignId, Channel, State
from campaigns.discount import Discount, NewCustomer, discount_minor
from campaigns.errors import (
    BudgetExhausted,
    CouponExpired,
    CouponNotForThisOrder,
    CouponNotStarted,
    CouponOfAnotherCustomer,
    CouponSuspended,
    CouponWithoutEffect,
    InvalidOrder,
    RedemptionLimitReached,
)
from campaigns.tiers import Tier


class CouponState(StrEnum):
    """Whether a code was used."""

    ISSUED = "ISSUED"
    REDEEMED = "REDEEMED"


class ReservationState(StrEnum):
    """What became of a reservation."""

    HELD = "HELD"
    REDEEMED = "REDEEMED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """One code for one customer of one campaign."""

    code: str
    campaign_id: CampaignId
    customer_id: str
    tier: Tier
    """At the launch."""
    channel: Channel
    discount: Discount
    state: CouponState
    issue_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What a customer is about to pay."""

    order_minor: int
    """Before the discount."""
    currency: str
    customer_id: str | None = None
    """None where the shop does not know who stands at the till: then the code alone decides."""
    order_id: str | None = None
    """The shop's own key; None while the order is not placed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a coupon takes off a basket."""

    coupon: Coupon
    discount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A code held for an order: until it expires it counts as if it was used."""

    reservation_id: str
    code: str
    campaign_id: CampaignId
    customer_id: str
    order_id: str
    order_minor: int
    discount_minor: int
    """Held of the campaign's budget."""
    currency: str
    state: ReservationState
    reserve_time: datetime
    expire_time: datetime
    """From then on it holds nothing, whatever its state says."""

    @property
    def name(self) -> str:
        """The resource name."""
        return f"reservations/{self.reservation_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """A use of a code on an order."""

    redemption_id: str
    code: str
    campaign_id: CampaignId
    customer_id: str
    order_id: str
    order_minor: int
    discount_minor: int
    currency: str
    redeem_time: datetime
    reservation_id: str | None = None
    """What held the code before."""
    refunded_minor: int = 0
    """Of the discount."""
    given_back: bool = False
    """Whether the code may be used again."""

    @property
    def name(self) -> str:
        """The resource name."""
        return f"redemptions/{self.redemption_id}"


def quote(coupon: Coupon, campaign: Campaign, basket: Basket, *, bought_before: bool, now: datetime) -> Quote:
    """What the coupon takes off. Raises the first CouponRefused that applies, or InvalidOrder."""
    if basket.order_minor < 1:
        raise InvalidOrder("an order is worth more than nothing", field="order_amount")
    if basket.customer_id not in (None, coupon.customer_id):
        raise CouponOfAnotherCustomer("this code belongs to another customer", campaign=campaign.name)
    check_open(coupon, campaign, now)
    if basket.currency != campaign.plan.currency:
        raise CouponNotForThisOrder(
            f"{campaign.name} is in {campaign.plan.currency}, the order in {basket.currency}",
            campaign=campaign.name, currency=campaign.plan.currency, order_currency=basket.currency,
        )  # fmt: skip
    if bought_before and isinstance(coupon.discount, NewCustomer):
        raise CouponNotForThisOrder("this code is for a first order only", campaign=campaign.name)
    off = discount_minor(coupon.discount, basket.order_minor)
    if off == 0:
        raise CouponWithoutEffect(
            "the discount on this order rounds to nothing: the code stays unused", campaign=campaign.name
        )
    return Quote(coupon=coupon, discount_minor=off)


def check_open(coupon: Coupon, campaign: Campaign, now: datetime) -> None:
    """Raises CouponNotStarted, CouponExpired or CouponSuspended."""
    start, end = campaign.plan.start_time, coupon.expire_time
    if now >= end:
        raise CouponExpired(f"valid until {end.isoformat()}", campaign=campaign.name, expire_time=end.isoformat())
    if campaign.state is not State.ACTIVE:
        raise CouponSuspended(f"{campaign.name} is {campaign.state}", campaign=campaign.name, state=campaign.state)
    if now < start:
        raise CouponNotStarted(f"valid from {start.isoformat()}", campaign=campaign.name, start_time=start.isoformat())


def check_left(campaign: Campaign, used: Use, need: Use) -> None:
    """Raises RedemptionLimitReached or BudgetExhausted when a campaign has not so much left beside what is used."""
    limit, budget = campaign.plan.redemption_limit, campaign.plan.budget
    if limit is not None and used.redemptions + need.redemptions > limit:
        raise RedemptionLimitReached(
            f"all {limit} redemptions of {campaign.name} are used", campaign=campaign.name, limit=limit
        )
    if budget is not None and used.minor + need.minor > budget.limit_minor:
        raise BudgetExhausted(
            f"{campaign.name} has {budget.limit_minor - used.minor} of its budget left, this takes {need.minor}",
            campaign=campaign.name, limit_minor=budget.limit_minor, left_minor=budget.limit_minor - used.minor,
        )  # fmt: skip
