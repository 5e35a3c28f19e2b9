"""A coupon, an order it may be used on, and whether it buys anything there. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaigns.campaign import Campaign, CampaignId, Channel, State
from campaigns.discount import Discount, NewCustomer, discount_minor
from campaigns.errors import (
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
class Redemption:
    """An entry of the ledger."""

    redemption_id: str
    code: str
    campaign_id: CampaignId
    customer_id: str
    order_id: str
    order_minor: int
    discount_minor: int
    currency: str
    redeem_time: datetime


def quote(coupon: Coupon, campaign: Campaign, basket: Basket, *, bought_before: bool, now: datetime) -> Quote:
    """What the coupon takes off. Raises the first CouponRefused that applies, or InvalidOrder."""
    if basket.order_minor < 1:
        raise InvalidOrder("an order is worth more than nothing", field="order_amount")
    if basket.customer_id not in (None, coupon.customer_id):
        raise CouponOfAnotherCustomer("this code belongs to another customer")
    check_open(coupon, campaign, now)
    if basket.currency != campaign.plan.currency:
        raise CouponNotForThisOrder(
            f"{campaign.name} is in {campaign.plan.currency}, the order in {basket.currency}",
            currency=campaign.plan.currency, order_currency=basket.currency,
        )  # fmt: skip
    if bought_before and isinstance(coupon.discount, NewCustomer):
        raise CouponNotForThisOrder("this code is for a first order only", campaign=campaign.name)
    off = discount_minor(coupon.discount, basket.order_minor)
    if off == 0:
        raise CouponWithoutEffect("the discount on this order rounds to nothing: the code stays unused")
    return Quote(coupon=coupon, discount_minor=off)


def check_open(coupon: Coupon, campaign: Campaign, now: datetime) -> None:
    """Raises CouponNotStarted, CouponExpired, CouponSuspended or RedemptionLimitReached."""
    start, limit = campaign.plan.start_time, campaign.plan.redemption_limit
    if now >= coupon.expire_time:
        raise CouponExpired(f"valid until {coupon.expire_time.isoformat()}", expire_time=coupon.expire_time.isoformat())
    if campaign.state is not State.ACTIVE:
        raise CouponSuspended(f"{campaign.name} is {campaign.state}", campaign=campaign.name, state=campaign.state)
    if now < start:
        raise CouponNotStarted(f"valid from {start.isoformat()}", start_time=start.isoformat())
    if limit is not None and campaign.redeemed_count >= limit:
        raise RedemptionLimitReached(
            f"all {limit} redemptions of {campaign.name} are used", campaign=campaign.name, limit=limit
        )
