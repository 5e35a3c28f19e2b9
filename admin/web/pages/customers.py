"""Customers: one card with everything that is known, predicted and offered."""

from collections.abc import Sequence
from datetime import datetime

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns import customers
from campaigns.callers.access import TEAM, Right
from campaigns.terms.campaign import Channel
from database import customers as known
from database import scores, tier_changes
from database.events import EventKey, page_of_events

LISTED = 20
EVENTS = 40
CHANGES = 20


def routes(house: House) -> Sequence[Route]:
    """Search, and the card."""
    return (
        Route("/customers", page(house, search, Right(TEAM)), name="customers"),
        Route("/customers/{customer_id}", page(house, card, Right(TEAM)), name="customer"),
        Route("/customers/{customer_id}/events", page(house, events, Right(TEAM)), name="customer_events"),
    )


def search(visit: Visit) -> Response:
    """The customer with this id, or those whose ids follow what was typed."""
    typed = visit.field("q")
    with visit.reading() as snapshot:
        exact = known.get(snapshot, typed) if typed else None
        found = known.page(snapshot, after=typed or None, limit=LISTED)
    listed = ([exact] if exact else []) + found
    template = "customers_rows.html" if visit.fragment else "customers.html"
    return visit.page(template, customers=listed[:LISTED], typed=typed)


def card(visit: Visit) -> Response:
    """Score, tier and its history, consent, and the latest events."""
    customer_id = visit.request.path_params["customer_id"]
    with visit.reading() as snapshot:
        customer = customers.get(snapshot, customer_id)
        score = scores.get(snapshot, customer_id)
        changes = tier_changes.page(snapshot, customer_id=customer_id, limit=CHANGES)
        found = page_of_events(snapshot, customer_id, after=None, limit=EVENTS + 1)
    addressed = [channel for channel in Channel if channel.needs_consent]
    return visit.page(
        "customer.html", customer=customer.customer, score=score, changes=changes, channels=addressed,
        events=found[:EVENTS], older=found[EVENTS - 1] if len(found) > EVENTS else None,
    )  # fmt: skip


def events(visit: Visit) -> Response:
    """Older events, for the end of the list."""
    customer_id = visit.request.path_params["customer_id"]
    with visit.reading() as snapshot:
        customer = customers.get(snapshot, customer_id)
        found = page_of_events(snapshot, customer_id, after=_key(visit), limit=EVENTS + 1)
    older = found[EVENTS - 1] if len(found) > EVENTS else None
    return visit.page("customer_events.html", customer=customer.customer, events=found[:EVENTS], older=older)


def _key(visit: Visit) -> EventKey | None:
    try:
        return EventKey(datetime.fromisoformat(visit.field("time")), visit.field("event_id"))
    except ValueError:
        return None
