"""Discounts as an operator types them: conditions and one reward, joined by '+'.

20%             a fifth off              new+…           on first orders only
20%max50.00     at most 50.00 of it      over30.00+…     on orders of at least 30.00
5.00            5.00 off                 item=A1+…       only what the order has of A1
shipping        free shipping            category=Hats+… only what it has of Hats, and of Hats|Straw
gift=A1         one A1                   (items and categories can be repeated: any of them counts)
"""

import re
from decimal import Decimal, InvalidOperation
from typing import assert_never

from admin.shell.output import fail
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent, Reward, Scope
from events.currency import DECIMALS, LARGEST_MINOR, USUAL_DECIMALS

REWARD = re.compile(
    r"(?P<percent>\d{1,3})%(?:max(?P<most>[\d.]+))?|(?P<amount>[\d.]+)|shipping(?:max(?P<most_shipping>[\d.]+))?"
    r"|gift=(?P<gift>.+)"
)
CONDITION = re.compile(r"(?P<new>new)|over(?P<over>[\d.]+)|item=(?P<item>.+)|category=(?P<category>.+)")


def discount_of(written: str, option: str, syntax: str, currency: str) -> Discount:
    """The discount, or the end of the command with the syntax of the option that it is part of."""
    *conditions, last = written.split("+")
    reward, found = REWARD.fullmatch(last), [CONDITION.fullmatch(each) for each in conditions]
    if reward is None or not all(found):
        fail(f"{option}: give {syntax}")
    kept = [each for each in found if each is not None]
    minima = [minor_units(each["over"], f"{option}:", currency) for each in kept if each["over"]]
    items = tuple(each["item"] for each in kept if each["item"])
    categories = tuple(each["category"] for each in kept if each["category"])
    return Discount(
        reward=_reward(reward, f"{option}:", currency),
        first_order_only=any(each["new"] for each in kept),
        minimum_minor=max(minima, default=None),
        scope=Scope(items=items, categories=categories) if items or categories else None,
    )


def words(discount: Discount, currency: str) -> str:
    """The way back."""
    scope = discount.scope or Scope()
    parts = [
        *(["new"] if discount.first_order_only else []),
        *([] if discount.minimum_minor is None else [f"over{_major(discount.minimum_minor, currency)}"]),
        *(f"item={item}" for item in scope.items),
        *(f"category={category}" for category in scope.categories),
        _reward_words(discount.reward, currency),
    ]
    return "+".join(parts)


def minor_units(written: str, option: str, currency: str) -> int:
    """12.50 GBP is 1250; the end of the command for anything that is no amount of money."""
    decimals = DECIMALS.get(currency, USUAL_DECIMALS)
    try:
        major = Decimal(written)
    except InvalidOperation:
        major = Decimal("nan")
    if not major.is_finite():
        fail(f"{option} {written}: give an amount such as 12.50")
    if abs(major) > LARGEST_MINOR:
        fail(f"{option} {written}: is larger than any price")
    amount = major.scaleb(decimals)
    if amount != int(amount):
        fail(f"{option} {written}: {currency} has {decimals} decimals")
    return int(amount)


def _reward(found: re.Match[str], option: str, currency: str) -> Reward:
    if found["percent"]:
        return Percent(percent=int(found["percent"]), maximum_minor=_maximum(found["most"], option, currency))
    if found["amount"]:
        return Fixed(amount_minor=minor_units(found["amount"], option, currency))
    if found["gift"]:
        return Gift(item_id=found["gift"])
    return FreeShipping(maximum_minor=_maximum(found["most_shipping"], option, currency))


def _maximum(written: str | None, option: str, currency: str) -> int | None:
    return None if written is None else minor_units(written, option, currency)


def _reward_words(reward: Reward, currency: str) -> str:
    match reward:
        case Percent(percent=percent, maximum_minor=maximum):
            return f"{percent}%{_most(maximum, currency)}"
        case Fixed(amount_minor=amount):
            return _major(amount, currency)
        case FreeShipping(maximum_minor=maximum):
            return f"shipping{_most(maximum, currency)}"
        case Gift(item_id=item_id):
            return f"gift={item_id}"
        case _:
            assert_never(reward)


def _most(maximum: int | None, currency: str) -> str:
    return "" if maximum is None else f"max{_major(maximum, currency)}"


def _major(minor: int, currency: str) -> str:
    return str(Decimal(minor).scaleb(-DECIMALS.get(currency, USUAL_DECIMALS)))
