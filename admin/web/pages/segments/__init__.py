"""Segments: the list, one segment with its members and builds, and the form by which one is made or changed."""

from collections.abc import Sequence

from starlette.routing import Route

from admin.web.house import House
from admin.web.pages.segments import detail, listing, writing
from admin.web.visit import page
from campaigns.callers.access import PLANNERS, STAFF, Right

ONE = "/segments/{segment_id}"
NEW = "/segments/-/new"
"""No id is a hyphen."""


def routes(house: House) -> Sequence[Route]:
    """Everybody of the staff looks; planners write, build and delete."""
    staff, planners = Right(STAFF), Right(PLANNERS)
    return (
        Route("/segments", page(house, listing.listing, staff)),
        Route(NEW, page(house, writing.show_new, planners)),
        Route(NEW, page(house, writing.act_new, planners), methods=["POST"]),
        Route(ONE, page(house, detail.overview, staff)),
        Route(ONE + "/edit", page(house, writing.show, planners)),
        Route(ONE + "/edit", page(house, writing.act, planners), methods=["POST"]),
        Route(ONE + "/build", page(house, detail.build, staff), methods=["POST"]),
        Route(ONE + "/delete", page(house, detail.confirm, planners)),
        Route(ONE + "/delete", page(house, detail.delete, planners), methods=["POST"]),
    )
