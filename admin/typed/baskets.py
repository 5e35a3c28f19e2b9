"""Orders as an operator types them: what they are worth, what is in them, what their shipping costs."""

from typing import Annotated

import typer

from admin.shell.output import fail
from admin.typed.discounts import minor_units
from campaigns.terms.basket import Basket, Line
from events.currency import problem
from settings import settings

Amount = Annotated[str, typer.Option(help="Worth of the order before the discount, such as 12.50.")]
Currency = Annotated[str | None, typer.Option(help="Default: TIERWISE_CURRENCY.")]
Customer = Annotated[str | None, typer.Option(help="Who uses it; without, the code alone decides.")]
Lines = Annotated[
    list[str] | None,
    typer.Option("--line", help="ITEM:QUANTITY:PRICE of what is in the order, such as A17:2:25.50; can be repeated."),
]
Shipping = Annotated[str | None, typer.Option(help="What shipping costs, beside the amount, such as 4.90.")]
PARTS = 3


def basket_of(
    amount: str,
    *,
    currency: str | None,
    customer: str | None,
    order: str | None,
    lines: list[str] | None,
    shipping: str | None,
) -> Basket:
    """The order, or the end of the command with what cannot be read."""
    money = currency or settings().currency
    wrong = problem(money)
    if wrong:
        fail(f"--currency: {wrong}")
    return Basket(
        order_minor=minor_units(amount, "--amount", money),
        currency=money,
        customer_id=customer,
        order_id=order,
        lines=tuple(_line(written, money) for written in lines or ()),
        shipping_minor=0 if shipping is None else minor_units(shipping, "--shipping", money),
    )


def _line(written: str, currency: str) -> Line:
    parts = written.rsplit(":", PARTS - 1)
    if len(parts) != PARTS or not parts[0] or not parts[1].isdecimal():
        fail(f"--line {written}: give ITEM:QUANTITY:PRICE, such as A17:2:25.50")
    price = minor_units(parts[2], f"--line {written}:", currency)
    return Line(item_id=parts[0], quantity=int(parts[1]), unit_price_minor=price)
