"""A coupon, an order it may be used on, and whether it buys anything there. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from campaigns.errors import CouponRefused
from campaigns.terms.basket import Basket, check_basket
from campaigns.terms.campaign import Campaign, CampaignId, Channel, State
from campaigns.terms.discount import Discount, Saving, Unmet, counted_minor
from campaigns.terms.limits import Use
from campaigns.terms.refusals import (
    BudgetExhausted,
    CouponAlreadyRedeemed,
    CouponBlocked,
    CouponExpired,
    CouponNotCombinable,
    CouponNotForThisOrder,
    CouponNotStarted,
    CouponOfAnotherCustomer,
    CouponSuspended,
    CouponWithoutEffect,
    ItemsNotInOrder,
    OrderBelowMinimum,
    OrderLinesMissing,
    RedemptionLimitReached,
)
from campaigns.terms.restraint import Stacking
from campaigns.terms.stacking import Candidate, Clash, Conflict, Used, beside
from campaigns.tiers.tiers import Tier
from events.currency import amount


class CouponState(StrEnum):
    """Whether a code was used, and may be."""

    ISSUED = "ISSUED"
    REDEEMED = "REDEEMED"
    BLOCKED = "BLOCKED"
    """Nobody uses it until somebody lets it be used again."""


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
    by_hand: bool = False
    """Whether somebody gave it to the customer, who is outside the audience; no message brought it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a coupon takes off a basket."""

    coupon: Coupon
    saving: Saving

    @property
    def discount_minor(self) -> int:
        """Off the order and its shipping together."""
        return self.saving.total_minor


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


def quote(
    coupon: Coupon,
    campaign: Campaign,
    basket: Basket,
    *,
    bought_before: bool,
    now: datetime,
    others: Sequence[Used] = (),
    place: int | None = None,
) -> Quote:
    """What the coupon takes off beside the `others` of the order, to which it came at `place` if it is held for it.

    Raises the first CouponRefused that applies, or InvalidOrder.
    """
    check_basket(basket)
    if basket.customer_id not in (None, coupon.customer_id):
        raise CouponOfAnotherCustomer("this code belongs to another customer", campaign=campaign.name)
    check_open(coupon, campaign, now)
    check_currency(campaign.name, campaign.plan.currency, basket)
    candidate = Candidate(
        code=coupon.code, campaign_id=campaign.campaign_id, discount=coupon.discount, stacking=campaign.plan.stacking,
        bought_before=bought_before, place=place,
    )  # fmt: skip
    off = beside(candidate, basket, others)
    if isinstance(off, Saving):
        return Quote(coupon=coupon, saving=off)
    raise refusal_of(off, coupon, basket, campaign.plan.stacking)


def refusal_of(off: Clash | Unmet, coupon: Coupon, basket: Basket, stacking: Stacking) -> CouponRefused:
    """Why a coupon, of a campaign that stacks so, takes nothing off a basket."""
    campaign = f"campaigns/{coupon.campaign_id}"
    return _not_combinable(off, campaign, stacking) if isinstance(off, Clash) else _unmet(off, coupon, campaign, basket)


def _not_combinable(clash: Clash, campaign: str, stacking: Stacking) -> CouponNotCombinable:
    other = f"campaigns/{clash.other.campaign_id}"
    there = f"a coupon of {other} is used on this order or held for it"
    if clash.conflict is Conflict.GROUP:
        why = f"one of the group {stacking.group} applies to an order"
    else:
        why = f"{campaign if stacking.alone else other} goes with no other"
    return CouponNotCombinable(f"{there}, and {why}", campaign=campaign, conflict=clash.conflict, other_campaign=other)


def _unmet(unmet: Unmet, coupon: Coupon, campaign: str, basket: Basket) -> CouponRefused:
    """The refusal of a discount that takes nothing off this basket."""
    match unmet:
        case Unmet.NOT_FIRST_ORDER:
            return CouponNotForThisOrder("this code is for a first order only", campaign=campaign)
        case Unmet.LINES_MISSING:
            message = "this code is for certain items: give the lines of the order"
            return OrderLinesMissing(message, campaign=campaign)
        case Unmet.NOT_IN_ORDER:
            return ItemsNotInOrder("nothing in this order is what the code is for", campaign=campaign)
        case Unmet.BELOW_MINIMUM:
            minimum, counted = coupon.discount.minimum_minor or 0, counted_minor(coupon.discount, basket)
            return OrderBelowMinimum(
                f"this code needs {amount(minimum, basket.currency)}, and {amount(counted, basket.currency)} of the "
                "order count",
                campaign=campaign, minimum_minor=minimum, counted_minor=counted, currency=basket.currency,
            )  # fmt: skip
        case Unmet.NO_EFFECT:
            message = "the discount on this order comes to nothing: the code stays unused"
            return CouponWithoutEffect(message, campaign=campaign)
        case _:
            assert_never(unmet)


def check_currency(campaign: str, currency: str, basket: Basket) -> None:
    """Raises CouponNotForThisOrder for an order in another currency than the campaign of this name."""
    if basket.currency != currency:
        raise CouponNotForThisOrder(
            f"{campaign} is in {currency}, the order in {basket.currency}", campaign=campaign, currency=currency,
            order_currency=basket.currency,
        )  # fmt: skip


def check_open(coupon: Coupon, campaign: Campaign, now: datetime) -> None:
    """Raises CouponBlocked, CouponNotStarted, CouponExpired or CouponSuspended."""
    if coupon.state is CouponState.BLOCKED:
        raise CouponBlocked("this code is blocked", campaign=campaign.name)
    start, end = campaign.plan.start_time, coupon.expire_time
    if now >= end:
        raise CouponExpired(f"valid until {end.isoformat()}", campaign=campaign.name, expire_time=end.isoformat())
    if campaign.state is not State.ACTIVE:
        raise CouponSuspended(f"{campaign.name} is {campaign.state}", campaign=campaign.name, state=campaign.state)
    if now < start:
        raise CouponNotStarted(f"valid from {start.isoformat()}", campaign=campaign.name, start_time=start.isoformat())


def gave_back(campaign: str) -> CouponAlreadyRedeemed:
    """The refusal of a code on an order that used it and gave it back: what is sent again then is no second use."""
    message = "this code was used on this order and given back: use another order id"
    return CouponAlreadyRedeemed(message, campaign=campaign)


def within_limits(off: Saving, promised: Saving | None, check: Callable[[Use], None]) -> Saving:
    """What a coupon takes off within the limits that `check` asks: all, or what is held for it and so promised.

    Raises as `check` where nothing is held.
    """
    if promised is None:
        check(Use(1, off.total_minor))
        return off
    try:
        check(Use(0, off.total_minor - promised.total_minor))
    except BudgetExhausted:
        return promised
    return off


def check_left(campaign: Campaign, used: Use, need: Use) -> None:
    """Raises RedemptionLimitReached or BudgetExhausted when a campaign has not so much left beside what is used."""
    budget_minor = None if campaign.plan.budget is None else campaign.plan.budget.limit_minor
    check_limits(
        campaign.name, currency=campaign.plan.currency, redemption_limit=campaign.plan.redemption_limit,
        budget_minor=budget_minor, used=used, need=need,
    )  # fmt: skip


def check_limits(
    campaign: str, *, currency: str, redemption_limit: int | None, budget_minor: int | None, used: Use, need: Use
) -> None:
    """Raises as `check_left`, for the campaign of this name."""
    if redemption_limit is not None and used.redemptions + need.redemptions > redemption_limit:
        raise RedemptionLimitReached(
            f"all {redemption_limit} redemptions of {campaign} are used", campaign=campaign, limit=redemption_limit
        )
    if budget_minor is not None and used.minor + need.minor > budget_minor:
        left = budget_minor - used.minor
        raise BudgetExhausted(
            f"{campaign} has {amount(left, currency)} of its budget left, this takes {amount(need.minor, currency)}",
            campaign=campaign, limit_minor=budget_minor, left_minor=left, currency=currency,
        )  # fmt: skip
