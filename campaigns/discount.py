"""What a coupon takes off an order. Pure."""

from dataclasses import dataclass
from typing import assert_never

from campaigns.errors import InvalidCampaign

WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent:
    """A share of the order."""

    percent: int
    """1 to 100."""
    maximum_minor: int | None = None
    """Never more than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """An amount off the order, at most the order."""

    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A discount for a first order only."""

    reward: Percent | Fixed


Discount = Percent | Fixed | NewCustomer


def discount_minor(discount: Discount, order_minor: int) -> int:
    """What a discount takes off an order, rounded half up to a minor unit; never more than the order."""
    match discount:
        case Percent(percent=percent, maximum_minor=maximum):
            off = (order_minor * percent + WHOLE // 2) // WHOLE
            return off if maximum is None else min(off, maximum)
        case Fixed(amount_minor=amount):
            return min(amount, order_minor)
        case NewCustomer(reward=reward):
            return discount_minor(reward, order_minor)
        case _:
            assert_never(discount)


def check_discount(discount: Discount, *, field: str) -> None:
    """Raises InvalidCampaign, naming `field`, for a discount that could not be given."""
    match discount:
        case Percent(percent=percent, maximum_minor=maximum):
            if not 1 <= percent <= WHOLE:
                raise InvalidCampaign(f"{percent} is no percentage between 1 and 100", field=f"{field}.percent")
            if maximum is not None and maximum < 1:
                raise InvalidCampaign("a maximum is positive, or absent", field=f"{field}.maximum")
        case Fixed(amount_minor=amount):
            if amount < 1:
                raise InvalidCampaign("an amount off is positive", field=f"{field}.amount")
        case NewCustomer(reward=reward):
            check_discount(reward, field=f"{field}.reward")
        case _:
            assert_never(discount)
