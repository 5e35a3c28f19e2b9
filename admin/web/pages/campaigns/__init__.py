"""Campaigns: the list, one campaign with its tabs, and the buttons that move it."""

from collections.abc import Sequence

from starlette.routing import Route

from admin.web.house import House
from admin.web.pages.campaigns import (
    amendment,
    audience,
    deletion,
    deliveries,
    detail,
    experiment,
    forecast,
    listing,
    money,
    moves,
)
from admin.web.visit import page
from campaigns.callers.access import PLANNERS, STAFF, TEAM, Right

ONE = "/campaigns/{campaign_id}"


def routes(house: House) -> Sequence[Route]:
    """List, tabs, differences and moves; the address of a tab would mean a move otherwise."""
    staff = Right(STAFF)
    return (
        Route("/campaigns", page(house, listing.listing, staff)),
        Route(ONE, page(house, detail.overview, staff)),
        Route(ONE + "/audience", page(house, audience.audience, staff)),
        Route(ONE + "/offers", page(house, detail.offers, staff)),
        Route(ONE + "/coupons", page(house, audience.coupons, Right(TEAM))),
        Route(ONE + "/codes", page(house, audience.codes, Right(TEAM)), methods=["POST"]),
        Route(ONE + "/codes.csv", page(house, audience.file, Right(TEAM)), methods=["POST"]),
        Route(ONE + "/deliveries", page(house, deliveries.listing, Right(TEAM))),
        Route(ONE + "/deliveries", page(house, deliveries.hand_over, Right(TEAM)), methods=["POST"]),
        Route(ONE + "/test-messages", page(house, deliveries.tests, Right(TEAM))),
        Route(ONE + "/test-messages", page(house, deliveries.send_test, Right(TEAM)), methods=["POST"]),
        Route(ONE + "/budget", page(house, money.money, staff)),
        Route(ONE + "/activity", page(house, detail.activity, staff)),
        Route(ONE + "/forecast", page(house, forecast.forecast, Right(TEAM)), methods=["POST"]),
        Route(ONE + "/experiment", page(house, experiment.experiment, staff)),
        Route(ONE + "/versions", page(house, detail.plan_versions, staff)),
        Route(ONE + "/versions/{version:version}", page(house, detail.difference, staff)),
        Route(ONE + "/amend", page(house, amendment.show, Right(PLANNERS))),
        Route(ONE + "/amend", page(house, amendment.act, Right(PLANNERS)), methods=["POST"]),
        Route(ONE + "/delete", page(house, deletion.confirm, Right(PLANNERS))),
        Route(ONE + "/delete", page(house, deletion.delete, Right(PLANNERS)), methods=["POST"]),
        Route(ONE + "/{verb}", page(house, moves.confirm, staff)),
        Route(ONE + "/{verb}", page(house, moves.move, staff), methods=["POST"]),
    )
