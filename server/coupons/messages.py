"""Coupons and their redemptions between the wire and us."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from tierwise.v1 import campaign_pb2, coupon_pb2, coupon_service_pb2, offer_service_pb2, tier_pb2

from campaigns.coupons.codes import displayed
from campaigns.coupons.message_tests import EXAMPLE, Wanted, outcome_of
from campaigns.terms.basket import Basket, Line
from campaigns.terms.campaign import Channel
from campaigns.terms.coupon import Coupon, Redemption, Reservation
from campaigns.tiers.tiers import Tier
from channels.message import Fate
from server.campaigns.discounts import discount_message
from server.wire.money import amount_in, minor_units, money
from server.wire.names import CAMPAIGN, CUSTOMER, customer_id
from server.wire.stamps import stamp

RESERVATION = "reservations/"
REDEMPTION = "redemptions/"


def coupon_message(coupon: Coupon, currency: str) -> coupon_pb2.Coupon:
    """For the wire; amounts of its discount are in `currency`."""
    return coupon_pb2.Coupon(
        code=displayed(coupon.code), campaign=f"{CAMPAIGN}{coupon.campaign_id}",
        customer=f"{CUSTOMER}{coupon.customer_id}", tier=tier_pb2.Tier.Value(coupon.tier),
        channel=campaign_pb2.Channel.Value(coupon.channel), discount=discount_message(coupon.discount, currency),
        state=coupon_pb2.Coupon.State.Value(coupon.state), issue_time=stamp(coupon.issue_time),
        expire_time=stamp(coupon.expire_time), by_hand=coupon.by_hand,
    )  # fmt: skip


def redemption_message(redemption: Redemption) -> coupon_pb2.Redemption:
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
    return coupon_pb2.Reservation(
        name=reservation.name, code=displayed(reservation.code), campaign=f"{CAMPAIGN}{reservation.campaign_id}",
        customer=f"{CUSTOMER}{reservation.customer_id}", order_id=reservation.order_id,
        order_amount=money(reservation.order_minor, reservation.currency),
        discount_amount=money(reservation.discount_minor, reservation.currency),
        state=coupon_pb2.Reservation.State.Value(reservation.state), reserve_time=stamp(reservation.reserve_time),
        expire_time=stamp(reservation.expire_time),
    )  # fmt: skip


def handed_over_message(response: Mapping[str, Any]) -> coupon_service_pb2.HandOverCouponsResponse:
    """The answer of a hand-over that is over."""
    return coupon_service_pb2.HandOverCouponsResponse(
        handed_over_count=response["HANDED_OVER"], refused_count=response["REFUSED"],
        no_consent_count=response["NO_CONSENT"], lapsed_count=response["LAPSED"],
    )  # fmt: skip


def wanted(request: coupon_service_pb2.SendTestMessageRequest) -> Wanted:
    """Which test message is to be sent."""
    return Wanted(
        recipient=request.recipient, arm=request.arm or None,
        tier=Tier(tier_pb2.Tier.Name(request.tier)) if request.tier else None,
        channel=Channel(campaign_pb2.Channel.Name(request.channel)) if request.channel else None,
    )  # fmt: skip


def tested_message(response: Mapping[str, Any]) -> coupon_service_pb2.SendTestMessageResponse:
    """The answer of a test message that is over."""
    return coupon_service_pb2.SendTestMessageResponse(
        outcome=coupon_service_pb2.SendTestMessageResponse.Outcome.Value(outcome_of(Fate(response["fate"]))),
        note=response["note"] or "", example_code=displayed(EXAMPLE),
    )  # fmt: skip


Ordering: TypeAlias = (
    coupon_service_pb2.ValidateCouponRequest
    | coupon_service_pb2.ReserveCouponRequest
    | coupon_service_pb2.RedeemCouponRequest
    | offer_service_pb2.GetOffersRequest
)
"""Requests that say what is ordered."""


def basket(request: Ordering) -> Basket:
    """What a customer is about to pay. Raises InvalidRequest."""
    amount, currency = request.order_amount, request.order_amount.currency_code
    shipped = request.HasField("shipping_amount")
    return Basket(
        order_minor=minor_units(amount, "order_amount"),
        currency=currency,
        customer_id=customer_id(request.customer) or None,
        order_id=request.order_id or None,
        lines=tuple(_line(line, currency, f"lines[{place}]") for place, line in enumerate(request.lines)),
        shipping_minor=amount_in(currency, request.shipping_amount, "shipping_amount", of="order") if shipped else 0,
    )


def _line(message: coupon_pb2.OrderLine, currency: str, field: str) -> Line:
    return Line(
        item_id=message.item_id, quantity=message.quantity or 1, category=message.category or None,
        unit_price_minor=amount_in(currency, message.unit_price, f"{field}.unit_price", of="order"),
    )  # fmt: skip
