"""The list of customers, and the way from a coupon's code to its customer."""

from starlette.responses import Response

from admin.web.pages.customers.named import home_of
from admin.web.visit import UNUSABLE, Visit
from campaigns.coupons import quoting
from campaigns.coupons.refusals import CouponNotFound, InvalidCode
from campaigns.errors import Refusal
from database.models import scores
from database.tiers import lists

LISTED = 20


def search(visit: Visit) -> Response:
    """Customers whose ids begin with what was typed."""
    return _found(visit)


def by_code(visit: Visit) -> Response:
    """What became of a coupon, by the code that its customer names; an address never has one, for others read it."""
    try:
        with visit.reading() as snapshot:
            coupon = quoting.read(snapshot, visit.field("code"))
    except (InvalidCode, CouponNotFound) as refusal:
        return _found(visit, refusal)
    return visit.go(f"{home_of(coupon.customer_id)}/campaigns/{coupon.campaign_id}#coupon")


def _found(visit: Visit, refusal: Refusal | None = None) -> Response:
    typed, after = visit.field("q"), visit.field("after")
    with visit.reading() as snapshot:
        listed = lists.page(snapshot, lists.Sought(id_prefix=typed), after=after or None, limit=LISTED + 1)
        shown = listed[:LISTED]
        scored = scores.among(snapshot, [each.customer.customer_id for each in shown])
    template = "customers_rows.html" if visit.fragment else "customers.html"
    return visit.page(
        template, 200 if refusal is None else UNUSABLE, customers=shown, scored=scored, typed=typed, refusal=refusal,
        code=visit.field("code"), last=shown[-1].customer.customer_id if len(listed) > LISTED else "",
    )  # fmt: skip
