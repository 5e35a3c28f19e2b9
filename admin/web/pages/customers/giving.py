"""A code by hand: of which campaign, why, and the whole code for whoever tells it to the customer."""

from starlette.responses import Response

from admin.web.pages.customers.named import customer_id_of
from admin.web.received import REASON
from admin.web.visit import UNUSABLE, Visit
from campaigns.coupons import giving
from campaigns.coupons.giving import Given
from campaigns.errors import CouponRefused, Invalid, Refusal, WrongState

ACTION = "coupons.give"


def show(visit: Visit) -> Response:
    """The campaigns that run, with what the customer would get of each, or why nothing."""
    return _page(visit)


def give(visit: Visit) -> Response:
    """The code on the same page, and in no address; sent again it is the same."""
    chosen = visit.field("campaign")
    if not chosen:
        return _page(visit, unchosen=True)
    try:
        with visit.changing(ACTION, f"campaigns/{chosen}", reason=visit.field(REASON)) as (transaction, cause):
            given = giving.give(transaction, cause, chosen, customer_id_of(visit))
    except (Invalid, WrongState, CouponRefused) as refusal:
        return _page(visit, refusal=refusal)
    return _page(visit, given=given)


def _page(
    visit: Visit, *, given: Given | None = None, refusal: Refusal | None = None, unchosen: bool = False
) -> Response:
    customer_id = customer_id_of(visit)
    with visit.reading() as snapshot:
        choices = giving.choices(snapshot, customer_id, visit.now)
    return visit.page(
        "customer_give.html", UNUSABLE if refusal or unchosen else 200, customer_id=customer_id, given=given,
        refusal=refusal, unchosen=unchosen, chosen=visit.field("campaign"), reason=visit.field(REASON),
        possible=[each for each in choices if each.refusal is None],
        impossible=[each for each in choices if each.refusal is not None],
    )  # fmt: skip
