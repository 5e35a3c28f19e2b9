"""Coupons and their redemptions between the wire and us."""

from google.type import money_pb2
from tierwise.v1 import campaign_pb2, coupon_pb2, tier_pb2

from campaigns.basket import Basket
from campaigns.codes import displayed
from campaigns.coupon import Coupon, Redemption, Reservation
from server.campaign_messages import CAMPAIGN
from server.customer_messages import CUSTOMER, customer_id
from server.discount_messages import discount_message
from server.money import minor_units, money
from server.stamps import stamp

RESERVATION = "reservations/"
REDEMPTION = "redemptions/"


def coupon_message(coupon: Coupon, currency: str) -> coupon_pb2.Coupon:
    """For the wire; amounts of its discount are in `currency`."""
    return coupon_pb2.Coupon(
        code=displayed(coupon.code), campaign=f"{CAMPAIGN}{coupon.campaign_id}",
        customer=f"{CUSTOMER}{coupon.customer_id}", tier=tier_pb2.Tier.Value(coupon.tier),
        channel=campaign_pb2.Channel.Value(coupon.channel), discount=discount_message(coupon.discount, currency),
        state=coupon_pb2.Coupon.State.Value(coupon.state), issue_time=stamp(coupon.issue_time),
        expire_time=stamp(coupon.expire_time),
    )  # fmt: skip


def redemption_message(redemption: Redemption) -> coupon_pb2.Redemption:
    """For the wire."""
    return coupon_pb2.Redemption(
        redemption_id=redemption.redemption_id, code=displayed(redemption.code),
        campaign=f"{CAMPAIGN}{redemption.campaign_id}", customer=f"{CUSTOMER}{redemption.customer_id}",
        order_id=redemption.order_id, order_amount=money(redemption.order_minor, redemption.currency),
        discount_amount=money(redemption.discount_minor, redemption.currency),
        redeem_time=stamp(redemption.redeem_time), name=redemption.name,
        reservation=f"{RESERVATION}{redemption.reservation_id}" if redemption.reservation_id else "",
        refunded_amount=money(redemption.refunded_minor, redemption.currency), code_given_back=redemption.given_back,
    )  # fmt: skip


def reservation_message(reservation: Reservation) -> coupon_pb2.Reservation:
    """For the wire."""
    return coupon_pb2.Reservation(
        name=reservation.name, code=displayed(reservation.code), campaign=f"{CAMPAIGN}{reservation.campaign_id}",
        customer=f"{CUSTOMER}{reservation.customer_id}", order_id=reservation.order_id,
        order_amount=money(reservation.order_minor, reservation.currency),
        discount_amount=money(reservation.discount_minor, reservation.currency),
        state=coupon_pb2.Reservation.State.Value(reservation.state), reserve_time=stamp(reservation.reserve_time),
        expire_time=stamp(reservation.expire_time),
    )  # fmt: skip


def basket(customer: str, amount: money_pb2.Money, *, order_id: str | None = None) -> Basket:
    """What a customer is about to pay. Raises InvalidRequest."""
    return Basket(
        order_minor=minor_units(amount, "order_amount"), currency=amount.currency_code,
        customer_id=customer_id(customer) or None, order_id=order_id,
    )  # fmt: skip
