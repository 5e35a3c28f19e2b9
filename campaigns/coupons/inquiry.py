"""A coupon that somebody asks about: how it was used, what holds it, and what a till would say of it at this moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns import trail
from campaigns.coupons import redemption
from campaigns.coupons.refusals import CouponNotFound
from campaigns.errors import CouponRefused
from campaigns.life import campaigns
from campaigns.terms import stored
from campaigns.terms.basket import Basket
from campaigns.terms.coupon import Coupon, Quote, Redemption, Reservation
from database.audit.log import AuditEntry, Wanted
from database.coupons import codes, redemptions, reservations
from database.session import Snapshot

LATEST = 5
"""Times that it was given or shown."""
USUAL_MINOR = 10_000
"""Of the order that a till is imagined to have: 100.00 in most currencies, and never less than the coupon asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is known of one coupon."""

    coupon: Coupon
    given: Sequence[AuditEntry]
    """Who gave it by hand or showed it, and why: the latest first; of who was erased nobody knows."""
    uses: Sequence[Redemption]
    """Oldest first, those among them that were given back."""
    held: Reservation | None
    order_minor: int
    answer: Quote | CouponRefused
    """Of a till, to this customer with an order of this amount of which nothing else is known."""


def of_customer(snapshot: Snapshot, campaign_id: str, customer_id: str, now: datetime) -> Inquiry | None:
    """None where the customer has no coupon of the campaign."""
    row = codes.of_customer(snapshot, campaign_id, customer_id)
    return None if row is None else _inquiry(snapshot, stored.coupon(row), now)


def code_of(snapshot: Snapshot, campaign_id: str, customer_id: str) -> str:
    """Of the customer's coupon. Raises CouponNotFound."""
    row = codes.of_customer(snapshot, campaign_id, customer_id)
    if row is None:
        raise CouponNotFound("the customer has no coupon of this campaign")
    return row.code


def _inquiry(snapshot: Snapshot, coupon: Coupon, now: datetime) -> Inquiry:
    plan = campaigns.get(snapshot, coupon.campaign_id).plan
    holder = reservations.holder(snapshot, coupon.code, now)
    minor = max(USUAL_MINOR, coupon.discount.minimum_minor or 0)
    basket = Basket(order_minor=minor, currency=plan.currency, customer_id=coupon.customer_id)
    return Inquiry(
        coupon=coupon, given=_given(snapshot, coupon),
        uses=[row.held(Redemption) for row in redemptions.of_code(snapshot, coupon.code)],
        held=None if holder is None else stored.reservation(holder, coupon.customer_id), order_minor=minor,
        answer=_answer(snapshot, coupon.code, basket, now),
    )  # fmt: skip


def _given(snapshot: Snapshot, coupon: Coupon) -> Sequence[AuditEntry]:
    wanted = Wanted(
        object_name=f"campaigns/{coupon.campaign_id}", action="coupons.give", outcome="OK",
        customer=f"customers/{coupon.customer_id}",
    )  # fmt: skip
    return trail.page(snapshot, wanted, limit=LATEST)


def _answer(snapshot: Snapshot, code: str, basket: Basket, now: datetime) -> Quote | CouponRefused:
    try:
        return redemption.validate(snapshot, code, basket, now)
    except CouponRefused as refusal:
        return refusal
