"""`tierwise coupon`: what a code is worth, and using it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from admin.offers import minor_units
from admin.output import emit
from admin.transactions import AsJson, DatabaseUrl, Limit, Reason, changing, reading
from campaigns import redemption, stored
from campaigns.codes import displayed
from campaigns.coupon import Basket, Coupon
from settings import settings

app = typer.Typer(help="Coupons: check a code, use it, list a campaign's.", no_args_is_help=True)
Code = Annotated[str, typer.Argument(help="As the customer wrote it.")]
Amount = Annotated[str, typer.Option(help="Worth of the order before the discount, such as 12.50.")]
Currency = Annotated[str | None, typer.Option(help="Default: TIERWISE_CURRENCY")]
Customer = Annotated[str | None, typer.Option(help="Who uses it; without, the code alone decides.")]


@app.command()
def validate(
    code: Code, *, amount: Amount, currency: Currency = None, customer: Customer = None,
    database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say what a code would take off an order, or why nothing. Changes nothing."""
    basket = _basket(amount, currency, customer)
    with reading(database_url) as snapshot:
        worth = redemption.validate(snapshot, code, basket, datetime.now(UTC))
    row = {**_row(worth.coupon), "discount_minor": worth.discount_minor, "currency": basket.currency}
    emit(row, as_json=as_json, title="Valid")


@app.command()
def redeem(
    code: Code, *, order: Annotated[str, typer.Option(help="The shop's own key of the order.")], amount: Amount,
    currency: Currency = None, customer: Customer = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Use a code on an order, once; the same order again gets the same answer."""
    basket = _basket(amount, currency, customer, order)
    with changing(database_url, reason, action="coupons.redeem", object_name="coupons") as (transaction, cause):
        used = redemption.redeem(transaction, cause, code, basket)
    emit(
        {
            "redemption_id": used.redemption_id, "code": displayed(used.code), "campaign_id": used.campaign_id,
            "customer_id": used.customer_id, "order_id": used.order_id, "order_minor": used.order_minor,
            "discount_minor": used.discount_minor, "currency": used.currency,
            "time": used.redeem_time.isoformat(timespec="seconds"),
        },
        as_json=as_json, title="Redeemed",
    )  # fmt: skip


@app.command("list")
def list_coupons(
    campaign_id: Annotated[str, typer.Argument(help="Whose coupons.")], *, limit: Limit = 50,
    after: Annotated[str, typer.Option(help="Go on after this customer.")] = "", database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show the coupons of a campaign, by customer."""
    with reading(database_url) as snapshot:
        found = redemption.page(snapshot, campaign_id, limit=limit, after=after)
    emit([_row(coupon) for coupon in found], as_json=as_json, title=f"Coupons of {campaign_id}")


def _basket(amount: str, currency: str | None, customer: str | None, order: str | None = None) -> Basket:
    money = currency or settings().currency
    worth = minor_units(amount, "--amount", money)
    return Basket(order_minor=worth, currency=money, customer_id=customer, order_id=order)


def _row(coupon: Coupon) -> dict[str, object]:
    return {
        "code": displayed(coupon.code),
        "campaign_id": coupon.campaign_id,
        "customer_id": coupon.customer_id,
        "tier": coupon.tier,
        "discount": stored.discount_json(coupon.discount),
        "channel": coupon.channel,
        "state": coupon.state,
        "expires": coupon.expire_time.isoformat(timespec="minutes"),
    }
