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
        Route("/campaigns", page(house, listing.listing, staff), name="campaigns"),
        Route(ONE, page(house, detail.overview, staff), name="campaign"),
        Route(ONE + "/audience", page(house, audience.audience, staff), name="audience"),
        Route(ONE + "/offers", page(house, detail.offers, staff), name="offers"),
        Route(ONE + "/coupons", page(house, audience.coupons, Right(TEAM)), name="coupons"),
        Route(ONE + "/codes", page(house, audience.codes, Right(TEAM)), methods=["POST"], name="codes"),
        Route(ONE + "/codes.csv", page(house, audience.file, Right(TEAM)), methods=["POST"], name="codes_file"),
        Route(ONE + "/deliveries", page(house, deliveries.listing, Right(TEAM)), name="deliveries"),
        Route(ONE + "/deliveries", page(house, deliveries.hand_over, Right(TEAM)), methods=["POST"], name="hand_over"),
        Route(ONE + "/budget", page(house, money.money, staff), name="budget"),
        Route(ONE + "/activity", page(house, detail.activity, staff), name="activity"),
        Route(ONE + "/forecast", page(house, forecast.forecast, Right(TEAM)), methods=["POST"], name="forecast"),
        Route(ONE + "/experiment", page(house, experiment.experiment, staff), name="experiment"),
        Route(ONE + "/versions", page(house, detail.plan_versions, staff), name="versions"),
        Route(ONE + "/versions/{version:version}", page(house, detail.difference, staff), name="version"),
        Route(ONE + "/amend", page(house, amendment.show, Right(PLANNERS)), name="amendment"),
        Route(ONE + "/amend", page(house, amendment.act, Right(PLANNERS)), methods=["POST"], name="amend_campaign"),
        Route(ONE + "/delete", page(house, deletion.confirm, Right(PLANNERS)), name="confirm_deletion"),
        Route(ONE + "/delete", page(house, deletion.delete, Right(PLANNERS)), methods=["POST"], name="delete_campaign"),
        Route(ONE + "/{verb}", page(house, moves.confirm, staff), name="confirm_move"),
        Route(ONE + "/{verb}", page(house, moves.move, staff), methods=["POST"], name="move_campaign"),
    )
