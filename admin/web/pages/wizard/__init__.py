"""New campaign: the steps by which a plan is written. They are the edit pages of a draft, one address each."""

from collections.abc import Sequence

from starlette.routing import Route

from admin.web.house import House
from admin.web.pages.wizard import audience, begin, goal, limits, offers, review, schedule
from admin.web.visit import page
from campaigns.callers.access import ACTIONS, Right

NEW = "/campaigns/-/new"
"""No id is a hyphen."""
EDIT = "/campaigns/{campaign_id}/edit/"
STEPS = {
    "goal": goal, "audience": audience, "offers": offers, "schedule": schedule, "limits": limits, "review": review,
}  # fmt: skip


def routes(house: House) -> Sequence[Route]:
    """The beginning, and a page for each step."""
    planners = Right(ACTIONS["campaigns.update"].roles)
    shown = [Route(EDIT + name, page(house, step.show, planners), name=f"edit_{name}") for name, step in STEPS.items()]
    acted = [
        Route(EDIT + name, page(house, step.act, planners), methods=["POST"], name=f"act_{name}")
        for name, step in STEPS.items()
    ]
    return (
        Route(NEW, page(house, begin.show, planners)),
        Route(NEW, page(house, begin.act, planners), methods=["POST"]),
        *shown,
        *acted,
    )
