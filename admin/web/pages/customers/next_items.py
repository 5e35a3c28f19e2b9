"""What the active model would show a customer next."""

from typing import NamedTuple

from starlette.responses import Response

from admin.web.pages.customers.named import customer_id_of, home_of
from admin.web.visit import Visit
from campaigns.catalogue import availability
from campaigns.customers import profiles
from campaigns.models import registry
from database.events.items import titles_of
from database.events.store import histories
from scoring.reasons.item_words import item_words
from scoring.score import ModelRejected, Recommendation

SHOWN = 6


class Shown(NamedTuple):
    """An item, and why in words."""

    item_id: str
    title: str
    why: str


def next_items(visit: Visit) -> Response:
    """A note while the network is being read from its folder; nothing is kept."""
    customer_id = customer_id_of(visit)
    with visit.reading() as snapshot:
        customer = profiles.get(snapshot, customer_id)
        model = registry.in_force(snapshot)
        history = histories(snapshot, [customer_id], before=visit.now)
        gone = availability.unavailable(snapshot)
    found, rejected = None, None
    try:
        found = visit.house.explainer.recommend(model, history, visit.now, SHOWN, gone)
    except ModelRejected as problem:
        rejected = problem
    return visit.part(
        "customer_next.html", home_of(customer_id), customer=customer.customer, model=model, rejected=rejected,
        items=None if found is None else _shown(visit, found),
    )  # fmt: skip


def _shown(visit: Visit, found: list[Recommendation]) -> list[Shown]:
    with visit.reading() as snapshot:
        titles = titles_of(snapshot, [each.item_id for each in found])
    return [
        Shown(each.item_id, titles.get(each.item_id, ""), item_words(each.reason, visit.language)) for each in found
    ]
