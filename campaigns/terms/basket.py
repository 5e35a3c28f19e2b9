"""What a customer is about to pay. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from campaigns.terms.refusals import InvalidOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many units of one item."""

    item_id: str
    quantity: int
    unit_price_minor: int
    category: str | None = None
    """Path from wide to narrow, joined by '|'; None where nobody said."""

    @property
    def worth_minor(self) -> int:
        """Before any discount."""
        return self.quantity * self.unit_price_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """An order before discounts."""

    order_minor: int
    """Without shipping."""
    currency: str
    customer_id: str | None = None
    """None where the shop does not know who stands at the till: then the code alone decides."""
    order_id: str | None = None
    """The shop's own key; None while the order is not placed."""
    lines: tuple[Line, ...] = ()
    """What is in it, as far as the shop says; together worth at most the order."""
    shipping_minor: int = 0


def check_basket(basket: Basket) -> None:
    """Raises InvalidOrder for the first field that makes no sense."""
    problems = {
        "order_amount": "an order is worth more than nothing" * (basket.order_minor < 1),
        "shipping_amount": "shipping cannot cost less than nothing" * (basket.shipping_minor < 0),
        "lines.quantity": "a line has at least one unit" * any(line.quantity < 1 for line in basket.lines),
        "lines.unit_price": "a price is not negative" * any(line.unit_price_minor < 0 for line in basket.lines),
        "lines": "the lines are worth more than the order"
        * (sum(line.worth_minor for line in basket.lines) > basket.order_minor),
    }
    for field, problem in problems.items():
        if problem:
            raise InvalidOrder(problem, field=field)


def unplaced(basket: Basket) -> set[str]:
    """Items whose category nobody said."""
    return {line.item_id for line in basket.lines if line.category is None}


def placed(basket: Basket, categories: Mapping[str, str]) -> Basket:
    """With the categories of the catalogue, by item, where the shop said none."""
    lines = (
        replace(line, category=categories.get(line.item_id)) if line.category is None else line for line in basket.lines
    )
    return replace(basket, lines=tuple(lines))


def within(category: str | None, wanted: Collection[str]) -> bool:
    """Whether a category is one of those wanted, or lies below one."""
    return category is not None and any(category == each or category.startswith(f"{each}|") for each in wanted)
