"""One customer: everything that is known, predicted and offered, and what happened."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from starlette.responses import Response

from admin.web.pages.customers.named import customer_id_of
from admin.web.visit import Visit
from campaigns.coupons import offering
from campaigns.customers import profiles
from campaigns.terms.campaign import Channel
from database.coupons import messages
from database.events.items import titles_of
from database.events.store import EventKey, page_of_events
from database.forecast import expected_uplifts, uplifts
from database.models import registry, scores
from database.session import Snapshot
from database.tiers import changes as tier_changes
from events.event import Event, EventType

EVENTS = 40
CHANGES = 20
MESSAGES = 5
CONTACTS = (EventType.COUPON, EventType.MESSAGE)
SHOWN: Mapping[str, Collection[EventType]] = {
    "": tuple(EventType),
    "orders": (EventType.PURCHASE, EventType.RETURN),
    "contacts": CONTACTS,
}
"""What the timeline may be narrowed to."""


def card(visit: Visit) -> Response:
    """Score, what an offer adds, offers, consent, messages, tiers so far, and a page of events, the latest first."""
    customer_id, shown = customer_id_of(visit), _shown(visit)
    with visit.reading() as snapshot:
        customer = profiles.get(snapshot, customer_id)
        score = scores.get(snapshot, customer_id)
        changes = tier_changes.page(snapshot, customer_id=customer_id, limit=CHANGES)
        found = page_of_events(snapshot, customer_id, after=_key(visit), limit=EVENTS + 1, kinds=SHOWN[shown])
        contacts = page_of_events(snapshot, customer_id, after=None, limit=MESSAGES, kinds=CONTACTS)
        sent = messages.of_customer(snapshot, customer_id, limit=MESSAGES)
        offers = offering.offers_for(snapshot, customer_id, visit.now, full=True, language=visit.language)
        uplift = expected_uplifts.of_customer(snapshot, customer_id)
        taught = uplifts.latest_campaign(snapshot) is not None
        answering = registry.active(snapshot) is not None
        titles = _titles(snapshot, found)
    addressed = [channel for channel in Channel if channel.needs_consent]
    return visit.page(
        "customer.html", customer=customer.customer, score=score, changes=changes, channels=addressed, offers=offers,
        contacts=contacts, sent=sent, uplift=uplift, taught=taught, answering=answering, titles=titles,
        show=shown, shows=list(SHOWN), events=found[:EVENTS], older=found[EVENTS - 1] if len(found) > EVENTS else None,
    )  # fmt: skip


def events(visit: Visit) -> Response:
    """Older events, for the end of the list."""
    shown = _shown(visit)
    with visit.reading() as snapshot:
        customer = profiles.get(snapshot, customer_id_of(visit))
        found = page_of_events(snapshot, customer_id_of(visit), after=_key(visit), limit=EVENTS + 1, kinds=SHOWN[shown])
        titles = _titles(snapshot, found)
    older = found[EVENTS - 1] if len(found) > EVENTS else None
    return visit.page(
        "customer_events.html",
        customer=customer.customer,
        events=found[:EVENTS],
        older=older,
        show=shown,
        titles=titles,
    )


def _titles(snapshot: Snapshot, found: Sequence[Event]) -> Mapping[str, str]:
    return titles_of(snapshot, {event.item_id for event in found if event.item_id})


def _shown(visit: Visit) -> str:
    shown = visit.field("show")
    return shown if shown in SHOWN else ""


def _key(visit: Visit) -> EventKey | None:
    try:
        return EventKey(datetime.fromisoformat(visit.field("time")), visit.field("event_id"))
    except ValueError:
        return None
