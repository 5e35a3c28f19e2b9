"""The list of campaigns: by state and words, in three orders."""

from datetime import datetime

from starlette.responses import Response

from admin.web.visit import Visit
from campaigns.terms.campaign import Campaign, State
from campaigns.watching import overview
from database.life.lists import Order, Sought

PAGE = 25
AWAITED = "AWAITED"
"""Instead of a state: whatever waits for approvers, submitted or proposed while it runs."""


def listing(visit: Visit) -> Response:
    """A page at a time; the rows alone where a page stands already."""
    asked, order = visit.field("state"), _order(visit.field("order"))
    state = State(asked) if asked in set(State) else None
    sought = Sought(
        states=() if state is None else (state,), awaited=asked == AWAITED, words=visit.field("words"),
        author=visit.field("owner"),
    )  # fmt: skip
    with visit.reading() as snapshot:
        found = overview.listed(snapshot, sought, order, limit=PAGE + 1, after=_place(visit.field("after"), order))
    after = _key(found[PAGE - 1].campaign, order) if len(found) > PAGE else ""
    fields = {
        "state": AWAITED if sought.awaited else state or "",
        "words": sought.words,
        "owner": sought.author,
        "order": order.value,
    }
    template = "campaigns_rows.html" if visit.fragment else "campaigns.html"
    return visit.page(template, found=found[:PAGE], after=after, fields=fields, states=list(State), orders=list(Order))


def _order(asked: str) -> Order:
    return Order(asked) if asked in set(Order) else Order.NEWEST


def _key(campaign: Campaign, order: Order) -> str:
    first = {
        Order.NEWEST: campaign.create_time.isoformat(), Order.NAME: campaign.plan.display_name,
        Order.END: campaign.plan.end_time.isoformat(),
    }  # fmt: skip
    return f"{first[order]}~{campaign.campaign_id}"


def _place(key: str, order: Order) -> tuple[datetime | str, str] | None:
    """No id has a tilde, and a name may have some. A key of another order means the beginning."""
    first, _, campaign_id = key.rpartition("~")
    if not first or order is Order.NAME:
        return (first, campaign_id) if first else None
    try:
        moment = datetime.fromisoformat(first)
    except ValueError:
        return None
    return (moment, campaign_id) if moment.tzinfo is not None else None
