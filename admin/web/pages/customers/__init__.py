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
        Route("/customers", page(house, listing.search, carers), name="customers"),
        Route("/customers", page(house, listing.by_code, carers), methods=["POST"], name="customer_by_code"),
        Route(ONE, page(house, card.card, carers), name="customer"),
        Route(ONE + "/events", page(house, card.events, carers), name="customer_events"),
        Route(ONE + "/why", page(house, why.why, carers), name="customer_why"),
        Route(ONE + "/next", page(house, next_items.next_items, carers), name="customer_next_items"),
        Route(ONE + "/give", page(house, giving.show, givers), name="give_coupon"),
        Route(ONE + "/give", page(house, giving.give, givers), methods=["POST"], name="coupon_given"),
        Route(DECISION, page(house, decision.decision, carers), name="decision"),
        Route(DECISION + "/block", page(house, decision.block, carers), methods=["POST"], name="block_coupon"),
        Route(DECISION + "/unblock", page(house, decision.unblock, carers), methods=["POST"], name="unblock_coupon"),
    )
