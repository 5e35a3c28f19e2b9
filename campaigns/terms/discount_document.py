"""Discounts as JSON documents: the reward tagged by `kind`, and beside it the conditions that there are."""

from collections.abc import Mapping
from typing import Any, assert_never

from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent, Reward, Scope


def to_data(discount: Discount) -> dict[str, Any]:
    """What JSON can hold."""
    scope = discount.scope
    conditions = {
        "first_order_only": discount.first_order_only or None,
        "minimum_minor": discount.minimum_minor,
        "scope": None if scope is None else {"items": list(scope.items), "categories": list(scope.categories)},
    }
    return _reward_data(discount.reward) | {name: value for name, value in conditions.items() if value is not None}


def from_data(stored: Mapping[str, Any]) -> Discount:
    """The way back."""
    scope = stored.get("scope")
    return Discount(
        reward=_reward(stored),
        first_order_only=stored.get("first_order_only", False),
        minimum_minor=stored.get("minimum_minor"),
        scope=None if scope is None else Scope(items=tuple(scope["items"]), categories=tuple(scope["categories"])),
    )


def _reward_data(reward: Reward) -> dict[str, Any]:
    match reward:
        case Percent(percent=percent, maximum_minor=maximum):
            return {"kind": "PERCENT", "percent": percent, "maximum_minor": maximum}
        case Fixed(amount_minor=amount):
            return {"kind": "FIXED", "amount_minor": amount}
        case FreeShipping(maximum_minor=maximum):
            return {"kind": "FREE_SHIPPING", "maximum_minor": maximum}
        case Gift(item_id=item_id):
            return {"kind": "GIFT", "item_id": item_id}
        case _:
            assert_never(reward)


def _reward(stored: Mapping[str, Any]) -> Reward:
    match stored["kind"]:
        case "PERCENT":
            return Percent(percent=stored["percent"], maximum_minor=stored["maximum_minor"])
        case "FIXED":
            return Fixed(amount_minor=stored["amount_minor"])
        case "FREE_SHIPPING":
            return FreeShipping(maximum_minor=stored["maximum_minor"])
        case "GIFT":
            return Gift(item_id=stored["item_id"])
        case kind:
            raise ValueError(f"a stored discount is of the unknown kind {kind!r}")
