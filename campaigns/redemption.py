"""Use cases on coupons: what a code is worth, and using it once."""

from datetime import datetime
from typing import Any, NoReturn
from uuid import uuid4

from campaigns import launch, stored, trail
from campaigns.actor import Cause
from campaigns.codes import normalise
from campaigns.coupon import Basket, Coupon, CouponState, Quote, Redemption, check_open, quote
from campaigns.discount import NewCustomer
from campaigns.errors import CouponAlreadyRedeemed, CouponNotFound, CouponSuspended, InvalidOrder
from database import campaigns, coupons
from database.session import Snapshot, Transaction
from database.tables import CouponRow


def validate(snapshot: Snapshot, code: str, basket: Basket, now: datetime) -> Quote:
    """What a code would take off. Raises InvalidCode, CouponNotFound, InvalidOrder or a CouponRefused."""
    coupon = _coupon(coupons.get(snapshot, normalise(code)))
    if coupon.state is CouponState.REDEEMED:
        raise CouponAlreadyRedeemed("this code is used")
    return _quote(snapshot, coupon, basket, now)


def redeem(transaction: Transaction, cause: Cause, code: str, basket: Basket) -> Redemption:
    """Use a code on an order: ledger, counters and audit line together, never beyond the campaign's limit.

    The same code on the same order again is answered with the first redemption and changes nothing.
    Raises InvalidCode, CouponNotFound, InvalidOrder or a CouponRefused.
    """
    if not basket.order_id:
        raise InvalidOrder("a redemption needs the order's id", field="order_id")
    coupon = _coupon(coupons.locked(transaction, normalise(code)))
    if coupon.state is CouponState.REDEEMED:
        return _repeated(transaction, coupon, basket)
    worth = _quote(transaction, coupon, basket, cause.now)
    if not campaigns.count_redeemed(transaction, coupon.campaign_id, discount_minor=worth.discount_minor):
        _refuse_closed(transaction, coupon, cause.now)
    entry = _entry(coupon, basket, worth, cause.now)
    coupons.redeem(transaction, entry)
    redemption = Redemption(**entry)
    trail.done(
        transaction, cause, "coupons.redeem", f"redemptions/{redemption.redemption_id}",
        after={
            "campaign": coupon.campaign_id, "tier": coupon.tier, "order_minor": redemption.order_minor,
            "discount_minor": redemption.discount_minor, "currency": redemption.currency,
        },
    )  # fmt: skip
    return redemption


def page(snapshot: Snapshot, campaign_id: str, *, limit: int, after: str = "") -> list[Coupon]:
    """Coupons of a campaign by customer."""
    return [stored.coupon(row) for row in coupons.page(snapshot, campaign_id, limit=limit, after=after)]


def _coupon(row: CouponRow | None) -> Coupon:
    if row is None:
        raise CouponNotFound("no coupon has this code")
    return stored.coupon(row)


def _quote(snapshot: Snapshot, coupon: Coupon, basket: Basket, now: datetime) -> Quote:
    campaign = launch.get(snapshot, coupon.campaign_id)
    new_only = isinstance(coupon.discount, NewCustomer)
    bought = new_only and coupons.has_bought(snapshot, coupon.customer_id, other_than=basket.order_id)
    return quote(coupon, campaign, basket, bought_before=bought, now=now)


def _repeated(snapshot: Snapshot, coupon: Coupon, basket: Basket) -> Redemption:
    row = coupons.redemption(snapshot, coupon.code)
    if row is None or row.order_id != basket.order_id or basket.customer_id not in (None, row.customer_id):
        raise CouponAlreadyRedeemed("this code was used on another order")
    return stored.redemption(row)


def _refuse_closed(snapshot: Snapshot, coupon: Coupon, now: datetime) -> NoReturn:
    """Say why the guarded counter refused when the campaign looked open a moment before."""
    campaign = launch.get(snapshot, coupon.campaign_id)
    check_open(coupon, campaign, now)
    raise CouponSuspended(f"{campaign.name} changed in this moment: try again", campaign=campaign.name)


def _entry(coupon: Coupon, basket: Basket, worth: Quote, now: datetime) -> dict[str, Any]:
    return {
        "redemption_id": uuid4().hex, "code": coupon.code, "campaign_id": coupon.campaign_id,
        "customer_id": coupon.customer_id, "order_id": basket.order_id, "order_minor": basket.order_minor,
        "discount_minor": worth.discount_minor, "currency": basket.currency, "redeem_time": now,
    }  # fmt: skip
