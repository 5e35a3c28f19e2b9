"""Customers: the list, one card with everything that is known, predicted and offered, and why."""

from collections.abc import Sequence

from starlette.routing import Route

from admin.web.house import House
from admin.web.pages.customers import card, decision, giving, listing, next_items, why
from admin.web.visit import page
from campaigns.callers.access import ACTIONS, TEAM, Right

ONE = "/customers/{customer_id}"
DECISION = ONE + "/campaigns/{campaign_id}"


def routes(house: House) -> Sequence[Route]:
    """Search, the card, and the parts of it that take a moment."""
    team, givers = Right(TEAM), ACTIONS[giving.ACTION]
    return (
        Route("/customers", page(house, listing.search, team), name="customers"),
        Route("/customers", page(house, listing.by_code, team), methods=["POST"], name="customer_by_code"),
        Route(ONE, page(house, card.card, team), name="customer"),
        Route(ONE + "/events", page(house, card.events, team), name="customer_events"),
        Route(ONE + "/why", page(house, why.why, team), name="customer_why"),
        Route(ONE + "/next", page(house, next_items.next_items, team), name="customer_next_items"),
        Route(ONE + "/give", page(house, giving.show, givers), name="give_coupon"),
        Route(ONE + "/give", page(house, giving.give, givers), methods=["POST"], name="coupon_given"),
        Route(DECISION, page(house, decision.decision, team), name="decision"),
        Route(DECISION + "/block", page(house, decision.block, team), methods=["POST"], name="block_coupon"),
        Route(DECISION + "/unblock", page(house, decision.unblock, team), methods=["POST"], name="unblock_coupon"),
    )
