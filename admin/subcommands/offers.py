"""`tierwise campaign offers`: what a customer may have now, and what not and why."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from admin.shell.transactions import reading
from admin.typed.baskets import Currency, Lines, Shipping, basket_of
from admin.typed.times import written
from campaigns.coupons import offering
from campaigns.coupons.codes import displayed
from campaigns.coupons.entitlement import Offered, Withheld
from campaigns.coupons.worths import Worth
from campaigns.terms.basket import Basket
from campaigns.terms.discount_words import in_words


def offers(
    *,
    customer: Annotated[str, typer.Option(help="The customer's id.")],
    full: Annotated[bool, typer.Option("--full", help="Show every other campaign, too, with the reason.")] = False,
    amount: Annotated[str | None, typer.Option(help="Worth of an order: say what each takes off it.")] = None,
    order: Annotated[str | None, typer.Option(help="Its key: other coupons of it count.")] = None,
    currency: Currency = None, line: Lines = None, shipping: Shipping = None,
    database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show what a customer may have now, and with --full what not and why."""
    if amount is None and (order or line or shipping):
        fail("--order, --line and --shipping need the --amount of the order")
    basket = None
    if amount is not None:
        basket = basket_of(amount, currency=currency, customer=customer, order=order, lines=line, shipping=shipping)
    with reading(database_url) as snapshot:
        found = offering.offers_for(snapshot, customer, datetime.now(UTC), full=full, basket=basket)
    offered = [_offer(each, found.worths.get(each.coupon.code), basket) for each in found.offered]
    withheld = [_withheld(each) for each in found.withheld]
    if as_json:
        emit({"customer_id": customer, "time": written(found.time), "offers": offered,
              **({"withheld": withheld} if full else {})}, as_json=True)  # fmt: skip
        return
    emit(offered, as_json=False, title=f"Offers for {customer}")
    if full:
        emit(withheld, as_json=False, title="Withheld")


def _offer(offer: Offered, worth: Worth | None, basket: Basket | None) -> dict[str, object]:
    standing = offer.standing
    row: dict[str, object] = {
        "campaign_id": standing.campaign_id, "name": standing.display_name, "code": displayed(offer.coupon.code),
        "offer": in_words(offer.coupon.discount, standing.currency),
        "expires": written(offer.coupon.expire_time), "priority": standing.stacking.priority,
        "group": standing.stacking.group, "alone": standing.stacking.alone, "not_with": ", ".join(offer.not_with),
    }  # fmt: skip
    if worth is None or basket is None:
        return row
    return {
        **row, "alone_minor": worth.alone_minor, "together_minor": worth.together_minor, "currency": basket.currency,
        "refusal": None if worth.refusal is None else f"{worth.refusal.reason}: {worth.refusal.message}",
    }  # fmt: skip


def _withheld(withheld: Withheld) -> dict[str, object]:
    return {
        "campaign_id": withheld.standing.campaign_id, "name": withheld.standing.display_name,
        "reason": withheld.reason, "details": "; ".join(withheld.details),
    }  # fmt: skip
