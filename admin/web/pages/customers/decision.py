"""What a campaign decided about a customer, and what became of the coupon."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response

from admin.web.done import Deed
from admin.web.pages.customers.named import customer_id_of, home_of
from admin.web.visit import Visit
from campaigns.actor import Cause
from campaigns.audit import replaying
from campaigns.coupons import blocking, inquiry
from database.session import Transaction


def decision(visit: Visit) -> Response:
    """What a campaign decided about the customer, made again from what it was made from, and what of its coupon."""
    campaign_id = visit.campaign_id
    with visit.reading() as snapshot:
        found = replaying.explain(snapshot, campaign_id, customer_id_of(visit), language=visit.language)
        asked = inquiry.of_customer(snapshot, campaign_id, customer_id_of(visit), visit.now)
    return visit.page("customer_decision.html", found=found, asked=asked)


def block(visit: Visit) -> Response:
    """No till takes the customer's coupon from now on."""
    with _moving(visit, "coupons.block") as (transaction, cause, code):
        blocking.block(transaction, cause, code)
    return visit.go(_decision(visit), Deed.BLOCKED)


def unblock(visit: Visit) -> Response:
    """It may be used again."""
    with _moving(visit, "coupons.unblock") as (transaction, cause, code):
        blocking.unblock(transaction, cause, code)
    return visit.go(_decision(visit), Deed.UNBLOCKED)


@contextmanager
def _moving(visit: Visit, action: str) -> Iterator[tuple[Transaction, Cause, str]]:
    """With the code, which the page does not show. Raises CouponNotFound."""
    name, reason = f"campaigns/{visit.campaign_id}", visit.field("reason")
    with visit.changing(action, name, reason=reason) as (transaction, cause):
        yield transaction, cause, inquiry.code_of(transaction, visit.campaign_id, customer_id_of(visit))


def _decision(visit: Visit) -> str:
    return f"{home_of(customer_id_of(visit))}/campaigns/{visit.campaign_id}#coupon"
