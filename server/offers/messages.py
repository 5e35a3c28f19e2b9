"""What a customer may have, between the wire and us."""

from tierwise.v1 import customer_offer_pb2, error_reason_pb2, offer_service_pb2

from campaigns.coupons.codes import masked
from campaigns.coupons.entitlement import Offered, Withheld
from campaigns.coupons.offering import Offers
from campaigns.coupons.worths import Worth
from campaigns.terms.discount_words import in_words
from server.campaigns.restraints import stacking_message
from server.coupons.messages import coupon_message
from server.wire.money import money
from server.wire.names import CAMPAIGN
from server.wire.stamps import stamp


def offer_message(
    offer: Offered, worth: Worth | None, order_currency: str, *, whole: bool
) -> customer_offer_pb2.CustomerOffer:
    """For the wire; the worth is in the currency of the order, and the code masked unless it is to be `whole`."""
    standing = offer.standing
    message = customer_offer_pb2.CustomerOffer(
        display_name=standing.display_name, coupon=coupon_message(offer.coupon, standing.currency),
        description=in_words(offer.coupon.discount, standing.currency), stacking=stacking_message(standing.stacking),
        not_with=[f"{CAMPAIGN}{campaign_id}" for campaign_id in offer.not_with],
    )  # fmt: skip
    if not whole:
        message.coupon.code = masked(offer.coupon.code)
    if worth is not None:
        message.worth.CopyFrom(_worth_message(worth, order_currency))
    return message


def withheld_message(withheld: Withheld) -> customer_offer_pb2.WithheldOffer:
    standing = withheld.standing
    return customer_offer_pb2.WithheldOffer(
        campaign=standing.name, display_name=standing.display_name, details=withheld.details,
        reason=customer_offer_pb2.WithheldOffer.Reason.Value(withheld.reason),
        start_time=stamp(standing.start_time), end_time=stamp(standing.end_time),
    )  # fmt: skip


def offers_message(found: Offers, order_currency: str, *, whole: bool) -> offer_service_pb2.GetOffersResponse:
    """For the wire; without an order its currency is empty. Codes are masked unless they are to be `whole`."""
    message = offer_service_pb2.GetOffersResponse(
        offers=[
            offer_message(each, found.worths.get(each.coupon.code), order_currency, whole=whole)
            for each in found.offered
        ],
        withheld=map(withheld_message, found.withheld), time=stamp(found.time),
    )  # fmt: skip
    if order_currency:
        together = sum(each.together_minor for each in found.worths.values())
        message.discount_amount.CopyFrom(money(together, order_currency))
    return message


def _worth_message(worth: Worth, currency: str) -> customer_offer_pb2.CustomerOffer.Worth:
    message = customer_offer_pb2.CustomerOffer.Worth(
        alone_amount=money(worth.alone_minor, currency), together_amount=money(worth.together_minor, currency)
    )
    if worth.refusal is not None:
        message.refusal = error_reason_pb2.ErrorReason.Value(worth.refusal.reason)
        message.refusal_description = worth.refusal.message
    return message
