"""`tierwise coupon`: what a code is worth, holding it, using it, and giving it back."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Limit, Reason, changing, reading
from admin.subcommands import coupon_files, coupon_messages
from admin.typed.baskets import Amount, Currency, Customer, Lines, Shipping, basket_of
from admin.typed.discounts import minor_units
from admin.typed.times import written
from campaigns.coupons import blocking, giving, redemption, refunding, reservation
from campaigns.coupons.codes import displayed
from campaigns.life import campaigns
from campaigns.terms import discount_document
from campaigns.terms.coupon import Coupon, Redemption, Reservation

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.add_typer(coupon_files.app)
app.add_typer(coupon_messages.app)
Code = Annotated[str, typer.Argument(help="As the customer wrote it.")]
Order = Annotated[str, typer.Option(help="The shop's own key of the order.")]


@app.command()
def validate(
    code: Code, *, amount: Amount, currency: Currency = None, customer: Customer = None,
    order: Annotated[str | None, typer.Option(help="Its key: other coupons of the order count.")] = None,
    line: Lines = None, shipping: Shipping = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say what a code would take off an order, or why nothing. Changes nothing."""
    basket = basket_of(amount, currency=currency, customer=customer, order=order, lines=line, shipping=shipping)
    with reading(database_url) as snapshot:
        worth = redemption.validate(snapshot, code, basket, datetime.now(UTC))
    row = {**_row(worth.coupon), "discount_minor": worth.discount_minor, "currency": basket.currency}
    emit(row, as_json=as_json, title="Valid")


@app.command()
def reserve(
    code: Code, *, order: Order, amount: Amount, currency: Currency = None, customer: Customer = None,
    line: Lines = None, shipping: Shipping = None,
    minutes: Annotated[int, typer.Option(min=1, max=60, help="How long it is held.")] = 10, reason: Reason = None,
    database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Hold a code for an order that is being paid; it counts as used until then."""
    basket = basket_of(amount, currency=currency, customer=customer, order=order, lines=line, shipping=shipping)
    lasting = timedelta(minutes=minutes)
    with changing(database_url, reason, action="coupons.reserve", object_name="coupons") as (transaction, cause):
        held = reservation.reserve(transaction, cause, code, basket, time_to_live=lasting)
    emit(_reservation(held), as_json=as_json, title="Reserved")


@app.command()
def release(
    reservation_id: Annotated[str, typer.Argument(help="As `tierwise coupon reserve` shows it.")], *,
    reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Give up a reservation, so that its code is free again."""
    with changing(database_url, reason, action="coupons.release", object_name="coupons") as (transaction, cause):
        released = reservation.release(transaction, cause, reservation_id)
    emit(_reservation(released), as_json=as_json, title="Released")


@app.command()
def redeem(
    code: Code, *, order: Order, amount: Amount, currency: Currency = None, customer: Customer = None,
    line: Lines = None, shipping: Shipping = None,
    held_by: Annotated[str | None, typer.Option("--reservation", help="Refuse if it holds nothing any more.")] = None,
    reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Use a code on an order, once; the same order again gets the same answer."""
    basket = basket_of(amount, currency=currency, customer=customer, order=order, lines=line, shipping=shipping)
    with changing(database_url, reason, action="coupons.redeem", object_name="coupons") as (transaction, cause):
        used = redemption.redeem(transaction, cause, code, basket, reservation_id=held_by)
    emit(_redemption(used), as_json=as_json, title="Redeemed")


@app.command()
def refund(
    redemption_id: Annotated[str, typer.Argument(help="As `tierwise coupon redeem` shows it.")], *,
    key: Annotated[str, typer.Option(help="The shop's own key of this refund: the same again changes nothing.")],
    amount: Annotated[str | None, typer.Option(help="Such as 2.50; default: all that is left.")] = None,
    reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Give back what a redemption took off, or a part of it."""
    with changing(database_url, reason, action="coupons.refund", object_name="coupons") as (transaction, cause):
        currency = refunding.get(transaction, redemption_id).currency
        minor = None if amount is None else minor_units(amount, "--amount", currency)
        done = refunding.refund(transaction, cause, redemption_id, refund_id=key, amount_minor=minor)
    row = {"refund_id": key, "refund_minor": done.refunded_minor, **_redemption(done.redemption)}
    emit(row, as_json=as_json, title="Refunded")


@app.command()
def block(code: Code, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Let nobody use one code, such as one that leaked; an order that holds it loses it."""
    with changing(database_url, reason, action="coupons.block", object_name="coupons") as (transaction, cause):
        blocked = blocking.block(transaction, cause, code)
    emit(_row(blocked), as_json=as_json, title="Blocked")


@app.command()
def unblock(code: Code, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Let a blocked code be used again."""
    with changing(database_url, reason, action="coupons.unblock", object_name="coupons") as (transaction, cause):
        free = blocking.unblock(transaction, cause, code)
    emit(_row(free), as_json=as_json, title="Unblocked")


@app.command()
def give(
    campaign_id: Annotated[str, typer.Argument(help="One that is active.")],
    customer_id: Annotated[str, typer.Argument(help="The shop's own id.")], *,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")], database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Give one customer a code by hand, or show the one that they have; it is within the budget, and in no result."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="coupons.give", object_name=about) as (transaction, cause):
        found = giving.give(transaction, cause, campaign_id, customer_id)
    emit(_row(found.coupon) | {"new": found.new}, as_json=as_json, title="Given" if found.new else "Had before")


@app.command()
def history(code: Code, *, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show what the ledger has of a code, oldest first."""
    with reading(database_url) as snapshot:
        entries = redemption.history(snapshot, code)
    rows = [
        {
            "time": written(entry.time),
            "kind": entry.kind,
            "key": entry.key,
            **entry.change._asdict(),
        }
        for entry in entries
    ]
    emit(rows, as_json=as_json, title=f"Ledger of {code}")


@app.command("list")
def list_coupons(
    campaign_id: Annotated[str, typer.Argument(help="Whose coupons.")], *, limit: Limit = 50,
    after: Annotated[str, typer.Option(help="Go on after this customer.")] = "", database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show the coupons of a campaign, by customer."""
    with reading(database_url) as snapshot:
        campaigns.get(snapshot, campaign_id)
        found = redemption.page(snapshot, campaign_id, limit=limit, after=after)
    emit([_row(coupon) for coupon in found], as_json=as_json, title=f"Coupons of {campaign_id}")


def _row(coupon: Coupon) -> dict[str, object]:
    return {
        "code": displayed(coupon.code),
        "campaign_id": coupon.campaign_id,
        "customer_id": coupon.customer_id,
        "tier": coupon.tier,
        "discount": discount_document.to_data(coupon.discount),
        "channel": coupon.channel,
        "state": coupon.state,
        "expires": written(coupon.expire_time),
    }


def _reservation(held: Reservation) -> dict[str, object]:
    return {
        "reservation_id": held.reservation_id,
        "code": displayed(held.code),
        "campaign_id": held.campaign_id,
        "customer_id": held.customer_id,
        "order_id": held.order_id,
        "order_minor": held.order_minor,
        "discount_minor": held.discount_minor,
        "currency": held.currency,
        "state": held.state,
        "expires": written(held.expire_time),
    }


def _redemption(used: Redemption) -> dict[str, object]:
    return {
        "redemption_id": used.redemption_id,
        "code": displayed(used.code),
        "campaign_id": used.campaign_id,
        "customer_id": used.customer_id,
        "order_id": used.order_id,
        "order_minor": used.order_minor,
        "discount_minor": used.discount_minor,
        "refunded_minor": used.refunded_minor,
        "code_given_back": used.given_back,
        "currency": used.currency,
        "time": written(used.redeem_time),
    }
