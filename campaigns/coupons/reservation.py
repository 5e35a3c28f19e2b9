"""Use cases on reservations: a code is held for an order while its customer pays, and counts as if it was used."""

from datetime import timedelta
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.budgets import booking, shards
from campaigns.budgets.booking import Kind
from campaigns.coupons import quoting
from campaigns.coupons.refusals import CouponReserved, InvalidReservation, ReservationClosed, ReservationNotFound
from campaigns.life import campaigns, switches
from campaigns.terms import stored
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Campaign
from campaigns.terms.coupon import Coupon, CouponState, Reservation, ReservationState, gave_back
from campaigns.terms.refusals import BudgetExhausted, CouponAlreadyRedeemed
from database.budgets.ledger import Amounts, Entry
from database.coupons import codes, reservations
from database.coupons.tables import ReservationRow
from database.session import Transaction

USUAL_TIME = timedelta(minutes=10)
LONGEST_TIME = timedelta(minutes=60)
"""Days would let forgotten baskets use up a campaign."""


def reserve(
    transaction: Transaction, cause: Cause, code: str, basket: Basket, *, time_to_live: timedelta = USUAL_TIME
) -> Reservation:
    """Hold a code, one redemption and its discount for an order, until the time to live is over or the coupon expires.

    The same order again is answered with what holds the code; if its worth changed, that is released and held anew, in
    its place among the order's coupons. If the budget has not so much more, what was promised stays held.
    Raises InvalidReservation, InvalidOrder, InvalidCode, CouponNotFound or a CouponRefused.
    """
    if not timedelta() < time_to_live <= LONGEST_TIME:
        minutes = LONGEST_TIME // timedelta(minutes=1)
        raise InvalidReservation(f"a code is held for at most {minutes} minutes", field="time_to_live")
    order_id = quoting.order_of(basket)
    coupon = quoting.locked_for(transaction, code, order_id)
    campaign = campaigns.get(transaction, coupon.campaign_id)
    if coupon.state is CouponState.REDEEMED:
        raise CouponAlreadyRedeemed("this code is used", campaign=campaign.name)
    worth = quoting.worth(transaction, coupon, campaign, basket, cause.now)
    standing = codes.standing(transaction, campaign.campaign_id, coupon.code, order_id)
    if standing.used_before:
        raise gave_back(campaign.name)
    held, lapsed = held_for(transaction, cause, coupon, order_id) if standing.reserved else (None, None)
    if held is not None and (held.order_minor, held.discount_minor) == (basket.order_minor, worth.discount_minor):
        return stored.reservation(held, coupon.customer_id)
    reservation = Reservation(
        reservation_id=uuid4().hex, code=coupon.code, campaign_id=coupon.campaign_id, customer_id=coupon.customer_id,
        order_id=order_id, order_minor=basket.order_minor, discount_minor=worth.discount_minor,
        currency=basket.currency, state=ReservationState.HELD, reserve_time=cause.now,
        expire_time=min(cause.now + time_to_live, coupon.expire_time),
    )  # fmt: skip
    entry = _entry(reservation, shards.home(coupon.code, standing.shards))
    try:
        _book(transaction, cause, campaign, entry, held, lapsed)
    except BudgetExhausted:
        if held is None:
            raise
        return stored.reservation(held, coupon.customer_id)
    place_of = None if held is None else held.place_of or held.reservation_id
    values = stored.reservation_values(reservation)
    reservations.add(transaction, {**values, "shard": entry.shard, "place_of": place_of})
    trail.done(
        transaction, cause, "coupons.reserve", reservation.name,
        after={**_facts(reservation), "expire_time": reservation.expire_time.isoformat()},
    )  # fmt: skip
    switches.refuse_if_stopped(transaction, coupon.campaign_id)
    return reservation


def release(transaction: Transaction, cause: Cause, reservation_id: str) -> Reservation:
    """Give back what a reservation holds; one that holds nothing any more stays as it is.

    Raises ReservationNotFound, and ReservationClosed when it was redeemed.
    """
    coupon, row = _locked(transaction, reservation_id)
    if row.state == ReservationState.REDEEMED:
        raise closed(row, "refund its redemption")
    if row.state == ReservationState.HELD:
        booking.give_back(transaction, booking.given_back(row, Kind.RELEASE, cause.now))
        _release(transaction, cause, row)
    return stored.reservation(_found(transaction, reservation_id), coupon.customer_id)


def sweep(transaction: Transaction, cause: Cause, campaign_id: str, *, limit: int) -> int:
    """Give back what up to so many lapsed reservations of a campaign hold, leaving those that others are at."""
    count = booking.sweep(transaction, campaign_id, cause.now, limit=limit, wait=False)
    if count:
        trail.done(transaction, cause, "coupons.expire", f"campaigns/{campaign_id}", after={"reservations": count})
    return count


def held_for(
    transaction: Transaction, cause: Cause, coupon: Coupon, order_id: str
) -> tuple[ReservationRow | None, ReservationRow | None]:
    """What holds a locked coupon for an order, locked as well; else what lapsed, which is closed when that is booked.

    Raises CouponReserved for another order's.
    """
    row = reservations.locked_holder(transaction, coupon.code, cause.now)
    if row is None:
        return None, reservations.lapsed(transaction, coupon.code, cause.now)
    if row.order_id != order_id:
        raise reserved(coupon, row)
    return row, None


def reserved(coupon: Coupon, row: ReservationRow) -> CouponReserved:
    """The refusal of a code that another order holds."""
    until = row.expire_time.isoformat()
    return CouponReserved(
        f"this code is held for another order until {until}", campaign=f"campaigns/{coupon.campaign_id}",
        expire_time=until,
    )  # fmt: skip


def closed(row: ReservationRow, way_out: str = "reserve again, or redeem without it") -> ReservationClosed:
    """The refusal of a reservation that holds nothing any more."""
    name = f"reservations/{row.reservation_id}"
    state = ReservationState.EXPIRED if row.state == ReservationState.HELD else row.state
    return ReservationClosed(
        f"{name} is {state}: {way_out}", reservation=name, state=state,
        campaign=f"campaigns/{row.campaign_id}",
    )  # fmt: skip


def _entry(reservation: Reservation, shard: int) -> Entry:
    return Entry(
        key=f"reserve/{reservation.reservation_id}", kind=Kind.RESERVE, time=reservation.reserve_time,
        campaign_id=reservation.campaign_id, shard=shard, code=reservation.code,
        change=Amounts(reserved_count=1, reserved_minor=reservation.discount_minor),
    )  # fmt: skip


def _book(
    transaction: Transaction, cause: Cause, campaign: Campaign, entry: Entry, held: ReservationRow | None,
    lapsed: ReservationRow | None,
) -> None:  # fmt: skip
    """In the place of what is held, or lapsed. Raises as `booking.book`; then what is held stays held."""
    if held is None:
        booking.book(transaction, campaign, entry, lapsed=lapsed)
        return
    booking.book(transaction, campaign, booking.given_back(held, Kind.RELEASE, cause.now), entry, wait=False)
    _release(transaction, cause, held)


def _release(transaction: Transaction, cause: Cause, row: ReservationRow) -> None:
    reservations.close(transaction, row.reservation_id, ReservationState.RELEASED)
    name = f"reservations/{row.reservation_id}"
    trail.done(transaction, cause, "coupons.release", name, after={"campaign": row.campaign_id})


def _locked(transaction: Transaction, reservation_id: str) -> tuple[Coupon, ReservationRow]:
    """The coupon first, as everywhere; which one, the reservation says."""
    code = _found(transaction, reservation_id).code
    coupon = quoting.locked(transaction, code)
    reservations.held(transaction, code)
    return coupon, _found(transaction, reservation_id)


def _found(transaction: Transaction, reservation_id: str) -> ReservationRow:
    return ReservationNotFound.unless(reservations.get(transaction, reservation_id), f"reservations/{reservation_id}")


def _facts(reservation: Reservation) -> dict[str, object]:
    return {
        "campaign": reservation.campaign_id, "order_minor": reservation.order_minor,
        "discount_minor": reservation.discount_minor, "currency": reservation.currency,
    }  # fmt: skip
