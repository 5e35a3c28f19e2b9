"""What a coupon of the database is worth on a basket: what `campaigns.terms.coupon` decides from is looked up here."""

from datetime import datetime

from campaigns.coupons.codes import normalise
from campaigns.coupons.refusals import CouponNotFound
from campaigns.terms import stored
from campaigns.terms.basket import Basket, placed, unplaced
from campaigns.terms.campaign import Campaign
from campaigns.terms.coupon import Coupon, Quote, quote
from campaigns.terms.discount import Discount
from campaigns.terms.refusals import InvalidOrder
from campaigns.terms.stacking import Used
from database.coupons import codes, on_orders, redemptions
from database.coupons.tables import CouponRow
from database.events import items
from database.session import Snapshot, Transaction


def read(snapshot: Snapshot, code: str) -> Coupon:
    """A coupon by the code as someone wrote it. Raises InvalidCode, CouponNotFound."""
    return _found(codes.get(snapshot, normalise(code)))


def locked(transaction: Transaction, code: str) -> Coupon:
    """A coupon that nobody else reserves, redeems or refunds until the transaction ends. Raises as `read`."""
    return _found(codes.locked(transaction, normalise(code)))


def locked_for(transaction: Transaction, code: str, order_id: str) -> Coupon:
    """Likewise, and nobody else uses a coupon on the order, for what goes together depends on all."""
    coupon = locked(transaction, code)
    on_orders.hold(transaction, order_id)
    return coupon


def worth(snapshot: Snapshot, coupon: Coupon, campaign: Campaign, basket: Basket, now: datetime) -> Quote:
    """What it takes off. Raises InvalidOrder or a CouponRefused."""
    new_only = coupon.discount.first_order_only
    bought = new_only and codes.has_bought(snapshot, coupon.customer_id, other_than=basket.order_id)
    own, others = _on_order(snapshot, coupon, basket, now)
    return quote(
        coupon, campaign, categorised(snapshot, coupon.discount, basket), bought_before=bought, now=now, others=others,
        place=own.place if own is not None else None,
    )  # fmt: skip


def on_order(snapshot: Snapshot, order_id: str | None, now: datetime) -> list[Used]:
    """Coupons that are used on an order, or held for it, in the order in which they came."""
    return [] if order_id is None else [stored.used(each) for each in on_orders.present(snapshot, order_id, now)]


def given_back(snapshot: Snapshot, order_id: str | None) -> set[str]:
    """Codes that an order used and gave back: they are good for other orders only."""
    return set() if order_id is None else redemptions.given_back_by(snapshot, order_id)


def _on_order(snapshot: Snapshot, coupon: Coupon, basket: Basket, now: datetime) -> tuple[Used | None, list[Used]]:
    """What holds the coupon itself for the order, and the others."""
    there = on_order(snapshot, basket.order_id, now)
    own = next((each for each in there if each.code == coupon.code), None)
    return own, [each for each in there if each.code != coupon.code]


def categorised(snapshot: Snapshot, discount: Discount, basket: Basket) -> Basket:
    """With categories from the catalogue, where the discount asks for them and the shop did not say."""
    unknown = unplaced(basket) if discount.scope is not None and discount.scope.categories else set()
    return placed(basket, items.categories_of(snapshot, unknown)) if unknown else basket


def order_of(basket: Basket) -> str:
    """The shop's key of the order. Raises InvalidOrder."""
    if not basket.order_id:
        raise InvalidOrder("the order's own id is needed", field="order_id")
    return basket.order_id


def _found(row: CouponRow | None) -> Coupon:
    if row is None:
        raise CouponNotFound("no coupon has this code")
    return stored.coupon(row)
