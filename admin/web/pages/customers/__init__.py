"""Customers: the list, one card with everything that is known, predicted and offered, and why."""

from collections.abc import Sequence

from starlette.routing import Route

from admin.web.house import House
from admin.web.pages.customers import card, decision, giving, listing, next_items, why
from admin.web.visit import page
from campaigns.callers.access import ACTIONS, CARERS, Right

ONE = "/customers/{customer_id}"
DECISION = ONE + "/campaigns/{campaign_id}"


def routes(house: House) -> Sequence[Route]:
    """Search, the card, and the parts of it that take a moment."""
    carers, givers = Right(CARERS), ACTIONS[giving.ACTION]
    return (
        Route("/customers", page(house, listing.search, carers)),
        Route("/customers", page(house, listing.by_code, carers), methods=["POST"]),
        Route(ONE, page(house, card.card, carers)),
        Route(ONE + "/events", page(house, card.events, carers)),
        Route(ONE + "/why", page(house, why.why, carers)),
        Route(ONE + "/next", page(house, next_items.next_items, carers)),
        Route(ONE + "/give", page(house, giving.show, givers)),
        Route(ONE + "/give", page(house, giving.give, givers), methods=["POST"]),
        Route(DECISION, page(house, decision.decision, carers)),
        Route(DECISION + "/block", page(house, decision.block, carers), methods=["POST"]),
        Route(DECISION + "/unblock", page(house, decision.unblock, carers), methods=["POST"]),
    )
