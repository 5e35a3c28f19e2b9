"""What a coupon takes off an order, or why it takes nothing. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from campaigns.terms.basket import Basket, Line, within
from campaigns.terms.refusals import InvalidCampaign

WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent:
    """A share of what counts."""

    percent: int
    """1 to 100."""
    maximum_minor: int | None = None
    """Never more than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """An amount, at most what counts."""

    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeShipping:
    """What shipping costs."""

    maximum_minor: int | None = None
    """Never more than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """The price of one unit of an item, which the shop puts among the order's lines."""

    item_id: str


Reward = Percent | Fixed | FreeShipping | Gift


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Lines that count: those of any of the items, or of any of the categories and what lies below them."""

    items: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def __contains__(self, line: Line) -> bool:
        return line.item_id in self.items or within(line.category, self.categories)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A reward, and the conditions that an order has to meet for it."""

    reward: Reward
    first_order_only: bool = False
    minimum_minor: int | None = None
    """What counts has to be worth at least this, before any discount."""
    scope: Scope | None = None
    """None: the whole order counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What is taken off an order."""

    goods_minor: int = 0
    shipping_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Of the order and its shipping together."""
        return self.goods_minor + self.shipping_minor

    def __add__(self, other: "Saving") -> "Saving":
        return Saving(
            goods_minor=self.goods_minor + other.goods_minor, shipping_minor=self.shipping_minor + other.shipping_minor
        )


NOTHING = Saving()


class Unmet(StrEnum):
    """Why a discount takes nothing off an order."""

    NOT_FIRST_ORDER = "NOT_FIRST_ORDER"
    LINES_MISSING = "LINES_MISSING"
    """It depends on what is in the order, and the order does not say."""
    NOT_IN_ORDER = "NOT_IN_ORDER"
    """The order has nothing of what counts, or not the gift."""
    BELOW_MINIMUM = "BELOW_MINIMUM"
    NO_EFFECT = "NO_EFFECT"
    """It rounds to nothing, shipping is free already, or nothing is left to take off."""


def saving(
    discount: Discount, basket: Basket, *, bought_before: bool, taken: Saving = NOTHING, held: Saving = NOTHING
) -> Saving | Unmet:
    """What a discount takes off a basket beside others: those before it have `taken` something, those after it `held`.

    Shares are of what counts and those before it left, rounded half up to a minor unit; at most what all others left.
    """
    if discount.first_order_only and bought_before:
        return Unmet.NOT_FIRST_ORDER
    if not basket.lines and (discount.scope is not None or isinstance(discount.reward, Gift)):
        return Unmet.LINES_MISSING
    counted = counted_minor(discount, basket)
    if discount.scope is not None and not any(line in discount.scope for line in basket.lines):
        return Unmet.NOT_IN_ORDER
    if discount.minimum_minor is not None and counted < discount.minimum_minor:
        return Unmet.BELOW_MINIMUM
    left = _left(basket, taken)
    off = _reward(discount.reward, basket, min(counted, left.goods_minor), left)
    if isinstance(off, Unmet):
        return off
    free = _left(basket, taken + held)
    off = Saving(
        goods_minor=min(off.goods_minor, free.goods_minor), shipping_minor=min(off.shipping_minor, free.shipping_minor)
    )
    return Unmet.NO_EFFECT if off == NOTHING else off


def saving_of(discount: Discount, minor: int) -> Saving:
    """An amount that a discount takes off, where it takes it off."""
    off_shipping = isinstance(discount.reward, FreeShipping)
    return Saving(shipping_minor=minor) if off_shipping else Saving(goods_minor=minor)


def _left(basket: Basket, taken: Saving) -> Saving:
    """What is still to be paid."""
    return Saving(
        goods_minor=max(0, basket.order_minor - taken.goods_minor),
        shipping_minor=max(0, basket.shipping_minor - taken.shipping_minor),
    )


def counted_minor(discount: Discount, basket: Basket) -> int:
    """What of a basket counts for a discount."""
    if discount.scope is None:
        return basket.order_minor
    return sum(line.worth_minor for line in basket.lines if line in discount.scope)


def _reward(reward: Reward, basket: Basket, counted: int, left: Saving) -> Saving | Unmet:
    match reward:
        case Percent(percent=percent, maximum_minor=maximum):
            return Saving(goods_minor=_at_most((counted * percent + WHOLE // 2) // WHOLE, maximum))
        case Fixed(amount_minor=amount):
            return Saving(goods_minor=min(amount, counted))
        case FreeShipping(maximum_minor=maximum):
            return Saving(shipping_minor=_at_most(left.shipping_minor, maximum))
        case Gift(item_id=item_id):
            prices = [line.unit_price_minor for line in basket.lines if line.item_id == item_id]
            return Saving(goods_minor=min(*prices, left.goods_minor)) if prices else Unmet.NOT_IN_ORDER
        case _:
            assert_never(reward)


def _at_most(amount: int, maximum: int | None) -> int:
    return amount if maximum is None else min(amount, maximum)


def check_discount(discount: Discount, *, field: str) -> None:
    """Raises InvalidCampaign, naming `field`, for a discount that could not be given."""
    if discount.minimum_minor is not None and discount.minimum_minor < 1:
        raise InvalidCampaign("a minimum is positive, or absent", field=f"{field}.minimum")
    if discount.scope is not None:
        _check_scope(discount.scope, f"{field}.scope")
    match discount.reward:
        case Percent(percent=percent, maximum_minor=maximum):
            if not 1 <= percent <= WHOLE:
                raise InvalidCampaign(f"{percent} is no percentage between 1 and 100", field=f"{field}.percent")
            _check_maximum(maximum, field)
        case Fixed(amount_minor=amount):
            if amount < 1:
                raise InvalidCampaign("an amount off is positive", field=f"{field}.amount")
        case FreeShipping(maximum_minor=maximum):
            _check_maximum(maximum, field)
        case Gift(item_id=item_id):
            if not item_id:
                raise InvalidCampaign("a gift is an item", field=f"{field}.item")
        case _:
            assert_never(discount.reward)


def _check_maximum(maximum: int | None, field: str) -> None:
    if maximum is not None and maximum < 1:
        raise InvalidCampaign("a maximum is positive, or absent", field=f"{field}.maximum")


def _check_scope(scope: Scope, field: str) -> None:
    if not scope.items and not scope.categories:
        raise InvalidCampaign("a scope names items or categories, or is absent", field=field)
    if not all((*scope.items, *scope.categories)):
        raise InvalidCampaign("an item or a category has a name", field=field)
