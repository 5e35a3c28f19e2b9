"""A discount and its conditions in words that a customer could read. Pure."""

from typing import assert_never

from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent
from events.currency import amount


def in_words(discount: Discount, currency: str) -> str:
    """Such as: 20 % off Shoes, at most 50.00 GBP, when these come to at least 30.00 GBP, on a first order."""
    parts = [_reward(discount)]
    match discount.reward:
        case Percent(maximum_minor=int(maximum)) | FreeShipping(maximum_minor=int(maximum)):
            parts.append(f"at most {amount(maximum, currency)}")
        case Fixed(amount_minor=minor):
            parts[0] = f"{amount(minor, currency)} {parts[0]}"
    if discount.minimum_minor is not None:
        what = "on orders of" if discount.scope is None else "when these come to"
        parts.append(f"{what} at least {amount(discount.minimum_minor, currency)}")
    if discount.first_order_only:
        parts.append("on a first order")
    return ", ".join(parts)


def _reward(discount: Discount) -> str:
    scope = discount.scope
    things = None if scope is None else " or ".join((*scope.items, *scope.categories))
    off, beside = ("off", "") if things is None else (f"off {things}", f" with {things}")
    match discount.reward:
        case Percent(percent=percent):
            return f"{percent}% {off}"
        case Fixed():
            return off
        case FreeShipping():
            return f"free shipping{beside}"
        case Gift(item_id=item_id):
            return f"{item_id} for free{beside}"
        case _:
            assert_never(discount.reward)
