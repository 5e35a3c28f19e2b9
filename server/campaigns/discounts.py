"""Discounts, and the orders that they apply to, between the wire and us."""

from typing import assert_never

from tierwise.v1 import campaign_pb2

from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent, Reward, Scope
from server.wire.money import amount_in, money


def discount_message(discount: Discount, currency: str) -> campaign_pb2.Discount:
    message = campaign_pb2.Discount(new_customers_only=discount.first_order_only)
    _fill_reward(message, discount.reward, currency)
    if discount.minimum_minor is not None:
        message.minimum_spend.CopyFrom(money(discount.minimum_minor, currency))
    if discount.scope is not None:
        message.scope.item_ids.extend(discount.scope.items)
        message.scope.categories.extend(discount.scope.categories)
    return message


def discount_value(message: campaign_pb2.Discount, currency: str, field: str) -> Discount:
    """From the wire. Raises InvalidRequest."""
    scope = message.scope
    return Discount(
        reward=_reward(message, currency, field),
        first_order_only=message.new_customers_only,
        minimum_minor=amount_in(currency, message.minimum_spend, f"{field}.minimum_spend")
        if message.HasField("minimum_spend")
        else None,
        scope=Scope(items=tuple(scope.item_ids), categories=tuple(scope.categories))
        if message.HasField("scope")
        else None,
    )


def _fill_reward(message: campaign_pb2.Discount, reward: Reward, currency: str) -> None:
    match reward:
        case Percent(percent=percent, maximum_minor=maximum):
            message.percent.percent = percent
            if maximum is not None:
                message.percent.maximum.CopyFrom(money(maximum, currency))
        case Fixed(amount_minor=amount):
            message.fixed.amount.CopyFrom(money(amount, currency))
        case FreeShipping(maximum_minor=maximum):
            message.free_shipping.SetInParent()
            if maximum is not None:
                message.free_shipping.maximum.CopyFrom(money(maximum, currency))
        case Gift(item_id=item_id):
            message.gift.item_id = item_id
        case _:
            assert_never(reward)


def _reward(message: campaign_pb2.Discount, currency: str, field: str) -> Reward:
    match message.WhichOneof("reward"):
        case "fixed":
            return Fixed(amount_minor=amount_in(currency, message.fixed.amount, f"{field}.fixed.amount"))
        case "free_shipping":
            maximum = _maximum(message.free_shipping, currency, f"{field}.free_shipping.maximum")
            return FreeShipping(maximum_minor=maximum)
        case "gift":
            return Gift(item_id=message.gift.item_id)
        case _:
            maximum = _maximum(message.percent, currency, f"{field}.percent.maximum")
            return Percent(percent=message.percent.percent, maximum_minor=maximum)


def _maximum(
    message: campaign_pb2.Discount.Percent | campaign_pb2.Discount.FreeShipping, currency: str, field: str
) -> int | None:
    return amount_in(currency, message.maximum, field) if message.HasField("maximum") else None
