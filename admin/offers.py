"""Offers as an operator types them: TIER:DISCOUNT:CHANNELS."""

import re
from decimal import Decimal, InvalidOperation
from typing import assert_never

from admin.output import fail
from campaigns.campaign import Channel, Offer
from campaigns.discount import Discount, Fixed, NewCustomer, Percent
from campaigns.tiers import Tier
from events.currency import DECIMALS, USUAL_DECIMALS

SYNTAX = (
    "TIER:DISCOUNT:CHANNELS, such as HIGH:20%:EMAIL,ON_SITE (on site without consent to e-mail), MID:10%max5.00:EMAIL "
    "(at most 5.00), LOW:2.50:SMS, or LOW:new+15%:ON_SITE (first orders only)"
)
DISCOUNT = re.compile(r"(?P<new>new\+)?(?:(?P<percent>\d{1,3})%(?:max(?P<maximum>[\d.]+))?|(?P<amount>[\d.]+))")
PARTS = 3


def offer_of(written: str, currency: str) -> Offer:
    """The offer, or the end of the command with the syntax."""
    parts = written.split(":")
    if len(parts) != PARTS:
        fail(f"--offer {written}: give {SYNTAX}")
    tier, discount, channels = parts[0].upper(), parts[1], parts[2].upper().split(",")
    if tier not in Tier.__members__ or not set(channels) <= set(Channel):
        fail(f"--offer {written}: the tier is one of {', '.join(Tier)}, a channel one of {', '.join(Channel)}")
    first, *others = map(Channel, channels)
    reward = discount_of(discount, f"--offer {written}", SYNTAX, currency)
    return Offer(tier=Tier(tier), discount=reward, channel=first, fallbacks=tuple(others))


def discount_of(written: str, option: str, syntax: str, currency: str) -> Discount:
    """The discount, or the end of the command with the syntax of the option that it is part of."""
    found = DISCOUNT.fullmatch(written)
    if found is None:
        fail(f"{option}: give {syntax}")
    if found["amount"]:
        reward: Percent | Fixed = Fixed(amount_minor=minor_units(found["amount"], f"{option}:", currency))
    else:
        maximum = None if found["maximum"] is None else minor_units(found["maximum"], f"{option}:", currency)
        reward = Percent(percent=int(found["percent"]), maximum_minor=maximum)
    return NewCustomer(reward=reward) if found["new"] else reward


def typed(offer: Offer, currency: str) -> str:
    """The way back."""
    return f"{offer.tier}:{words(offer.discount, currency)}:{','.join(offer.channels)}"


def minor_units(written: str, option: str, currency: str) -> int:
    """12.50 GBP is 1250; the end of the command for anything that is no amount of money."""
    decimals = DECIMALS.get(currency, USUAL_DECIMALS)
    try:
        amount = Decimal(written).scaleb(decimals)
    except InvalidOperation:
        fail(f"{option} {written}: give an amount such as 12.50")
    if amount != int(amount):
        fail(f"{option} {written}: {currency} has {decimals} decimals")
    return int(amount)


def words(discount: Discount, currency: str) -> str:
    """As an operator writes it."""
    match discount:
        case Percent(percent=percent, maximum_minor=maximum):
            return f"{percent}%" + ("" if maximum is None else f"max{_major(maximum, currency)}")
        case Fixed(amount_minor=amount):
            return _major(amount, currency)
        case NewCustomer(reward=reward):
            return f"new+{words(reward, currency)}"
        case _:
            assert_never(discount)


def _major(minor: int, currency: str) -> str:
    return str(Decimal(minor).scaleb(-DECIMALS.get(currency, USUAL_DECIMALS)))
