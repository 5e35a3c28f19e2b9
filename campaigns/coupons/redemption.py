"""Use cases on coupons: what a code is worth, and using it once."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.budgets import booking, shards
from campaigns.budgets.booking import Kind
from campaigns.coupons import quoting, reservation
from campaigns.coupons.refusals import ReservationNotFound
from campaigns.life import campaigns, switches
from campaigns.terms import stored
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Campaign
from campaigns.terms.coupon import Coupon, CouponState, Quote, Redemption, check_left, gave_back, within_limits
from campaigns.terms.discount import saving_of
from campaigns.terms.refusals import BudgetExhausted, CouponAlreadyRedeemed
from database.budgets import ledger
from database.budgets.ledger import Amounts, Entry
from database.coupons import codes, redemptions, reservations
from database.coupons.tables import ReservationRow
from database.session import Snapshot, Transaction


def validate(snapshot: Snapshot, code: str, basket: Basket, now: datetime) -> Quote:
    """What a code would take off. Raises InvalidCode, CouponNotFound, InvalidOrder or a CouponRefused."""
    coupon = quoting.read(snapshot, code)
    campaign = campaigns.get(snapshot, coupon.campaign_id)
    if coupon.state is CouponState.REDEEMED:
        raise CouponAlreadyRedeemed("this code is used", campaign=campaign.name)
    worth = quoting.worth(snapshot, coupon, campaign, basket, now)
    if coupon.code in quoting.given_back(snapshot, basket.order_id):
        raise gave_back(campaign.name)
    switches.refuse_if_stopped(snapshot, coupon.campaign_id)
    holder = reservations.holder(snapshot, coupon.code, now)
    if holder is not None and holder.order_id != basket.order_id:
        raise reservation.reserved(coupon, holder)
    promised = None if holder is None else saving_of(coupon.discount, holder.discount_minor)
    check = partial(check_left, campaign, booking.used(snapshot, campaign, now))
    return replace(worth, saving=within_limits(worth.saving, promised, check))


def redeem(
    transaction: Transaction, cause: Cause, code: str, basket: Basket, *, reservation_id: str | None = None
) -> Redemption:
    """Use a code on an order: ledger, counters and audit line together, never beyond the campaign's limits.

    What holds the code for this order is used up, whether the caller names it or not; where the budget has less than
    the code is worth, it takes off what is held. The same code on the same order again is answered with the first
    redemption and changes nothing. Raises InvalidCode, CouponNotFound, InvalidOrder, ReservationNotFound,
    ReservationClosed or a CouponRefused.
    """
    order_id = quoting.order_of(basket)
    coupon = quoting.locked_for(transaction, code, order_id)
    if coupon.state is CouponState.REDEEMED:
        return _repeated(transaction, coupon, basket)
    campaign = campaigns.get(transaction, coupon.campaign_id)
    standing = codes.standing(transaction, campaign.campaign_id, coupon.code, order_id)
    if standing.used_before:
        return _repeated(transaction, coupon, basket)
    worth = quoting.worth(transaction, coupon, campaign, basket, cause.now)
    held, lapsed = reservation.held_for(transaction, cause, coupon, order_id) if standing.reserved else (None, None)
    _check_named(transaction, coupon, held, reservation_id)
    full = Redemption(
        redemption_id=uuid4().hex, code=coupon.code, campaign_id=coupon.campaign_id, customer_id=coupon.customer_id,
        order_id=order_id, order_minor=basket.order_minor, discount_minor=worth.discount_minor,
        currency=basket.currency, redeem_time=cause.now, reservation_id=None if held is None else held.reservation_id,
    )  # fmt: skip
    used, entry = _booked(transaction, campaign, full, held, lapsed, standing.shards)
    redemptions.add(transaction, {**stored.redemption_values(used), "shard": entry.shard})
    trail.done(
        transaction, cause, "coupons.redeem", used.name,
        after={
            "campaign": coupon.campaign_id, "tier": coupon.tier, "order_minor": used.order_minor,
            "discount_minor": used.discount_minor, "currency": used.currency,
        },
    )  # fmt: skip
    switches.refuse_if_stopped(transaction, coupon.campaign_id)
    return used


def history(snapshot: Snapshot, code: str) -> list[Entry]:
    """What the ledger has of a code, oldest first. Raises InvalidCode, CouponNotFound."""
    return ledger.of_code(snapshot, quoting.read(snapshot, code).code)


def page(snapshot: Snapshot, campaign_id: str, *, limit: int, after: str = "") -> list[Coupon]:
    """Coupons of a campaign by customer."""
    return [stored.coupon(row) for row in codes.page(snapshot, campaign_id, limit=limit, after=after)]


def _repeated(snapshot: Snapshot, coupon: Coupon, basket: Basket) -> Redemption:
    """What the same code on the same order was answered with, given back since or not."""
    row = redemptions.on_order(snapshot, coupon.code, quoting.order_of(basket))
    name = f"campaigns/{coupon.campaign_id}"
    if row is None:
        raise CouponAlreadyRedeemed("this code was used on another order", campaign=name)
    if basket.customer_id not in (None, row.customer_id):
        raise CouponAlreadyRedeemed("this code was used on this order, by another customer", campaign=name)
    return row.held(Redemption)


def _check_named(snapshot: Snapshot, coupon: Coupon, held: ReservationRow | None, reservation_id: str | None) -> None:
    """Raises ReservationNotFound, or ReservationClosed when the reservation that the caller names holds nothing."""
    if reservation_id is None or (held is not None and held.reservation_id == reservation_id):
        return
    row = reservations.get(snapshot, reservation_id)
    if row is None or row.code != coupon.code:
        name = f"reservations/{reservation_id}"
        raise ReservationNotFound(f"there is no {name} of this code", reservation=name)
    raise reservation.closed(row)


def _booked(
    transaction: Transaction, campaign: Campaign, used: Redemption, held: ReservationRow | None,
    lapsed: ReservationRow | None, shard_count: int,
) -> tuple[Redemption, Entry]:  # fmt: skip
    """With what it is worth, or with what was promised if the budget has not so much more."""
    entry = _entry(used, held, shard_count)
    try:
        booking.book(transaction, campaign, entry, lapsed=lapsed, wait=held is None)
    except BudgetExhausted:
        if held is None:
            raise
        used = replace(used, discount_minor=held.discount_minor)
        entry = _entry(used, held, shard_count)
        booking.book(transaction, campaign, entry)
    return used, entry


def _entry(used: Redemption, held: ReservationRow | None, shard_count: int) -> Entry:
    """From the shard that holds the reservation, or from the code's own."""
    change = Amounts(spent_count=1, spent_minor=used.discount_minor)
    if held is not None:
        change = change._replace(reserved_count=-1, reserved_minor=-held.discount_minor)
    return Entry(
        key=f"redeem/{used.redemption_id}", kind=Kind.REDEEM, time=used.redeem_time, campaign_id=used.campaign_id,
        shard=shards.home(used.code, shard_count) if held is None else held.shard, code=used.code, change=change,
    )  # fmt: skip
