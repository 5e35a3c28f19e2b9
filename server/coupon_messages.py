"""Coupons and their redemptions between the wire and us."""

from google.type import money_pb2
from tierwise.v1 import campaign_pb2, coupon_pb2, tier_pb2

from campaigns.codes import displayed
from campaigns.coupon import Basket, Coupon, Redemption
from server.campaign_messages import CAMPAIGN, discount_message
from server.customer_messages import CUSTOMER, customer_id
from server.money import minor_units, money
from server.stamps import stamp


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
        redeem_time=stamp(redemption.redeem_time),
    )  # fmt: skip


def basket(customer: str, amount: money_pb2.Money, *, order_id: str | None = None) -> Basket:
    """What a customer is about to pay. Raises InvalidRequest."""
    return Basket(
        order_minor=minor_units(amount, "order_amount"), currency=amount.currency_code,
        customer_id=customer_id(customer) or None, order_id=order_id,
    )  # fmt: skip
