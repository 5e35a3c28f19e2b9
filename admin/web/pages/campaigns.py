"""Campaigns: the list, one campaign, and the buttons that move it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns import launch
from campaigns.access import STAFF, Right
from campaigns.actor import Cause
from campaigns.campaign import MOVES, Campaign, Move
from database.session import Transaction
from rules.sentence import Speaker

PAGE = 25
Act = Callable[[Transaction, Cause, str, str], object]

ACTS: Mapping[Move, Act] = {
    Move.PAUSE: lambda transaction, cause, campaign, etag: launch.pause(transaction, cause, campaign, etag=etag),
    Move.RESUME: lambda transaction, cause, campaign, etag: launch.resume(transaction, cause, campaign, etag=etag),
    Move.END: lambda transaction, cause, campaign, etag: launch.end(transaction, cause, campaign, etag=etag),
    Move.LAUNCH: lambda transaction, cause, campaign, etag: launch.launch(transaction, cause, campaign, etag=etag),
}


def routes(house: House) -> Sequence[Route]:
    """List, detail, and moves."""
    staff = Right(STAFF)
    return (
        Route("/campaigns", page(house, listing, staff), name="campaigns"),
        Route("/campaigns/{campaign_id}", page(house, detail, staff), name="campaign"),
        Route("/campaigns/{campaign_id}/{verb}", page(house, confirm, staff), name="confirm_move"),
        Route("/campaigns/{campaign_id}/{verb}", page(house, move, staff), methods=["POST"], name="move_campaign"),
    )


def listing(visit: Visit) -> Response:
    """Newest first, a page at a time."""
    with visit.reading() as snapshot:
        found = launch.page(snapshot, limit=PAGE + 1, after=_place(visit.field("after")))
    after = _key(found[PAGE - 1]) if len(found) > PAGE else ""
    return visit.page("campaigns.html", campaigns=found[:PAGE], after=after)


def detail(visit: Visit) -> Response:
    """One campaign as it stands."""
    with visit.reading() as snapshot:
        campaign = launch.get(snapshot, visit.request.path_params["campaign_id"])
    plan = campaign.plan
    speaker = Speaker(language=visit.language, currency=plan.currency)
    sentence = None if plan.rule is None else speaker.sentence(plan.rule)
    return visit.page("campaign.html", campaign=campaign, sentence=sentence, moves=_moves(visit, campaign))


def confirm(visit: Visit) -> Response:
    """What the button will do, before it does it."""
    with visit.reading() as snapshot:
        campaign = launch.get(snapshot, visit.request.path_params["campaign_id"])
    return visit.page("campaign_confirm.html", campaign=campaign, verb=Move(visit.request.path_params["verb"].upper()))


def move(visit: Visit) -> Response:
    """Pause, resume, end or launch, as the visitor saw it: a campaign that changed since is left alone."""
    campaign_id, verb = visit.request.path_params["campaign_id"], Move(visit.request.path_params["verb"].upper())
    change = visit.changing(f"campaigns.{verb.lower()}", f"campaigns/{campaign_id}", reason=visit.field("reason"))
    with change as (transaction, cause):
        ACTS[verb](transaction, cause, campaign_id, visit.field("etag"))
    return visit.go(f"/campaigns/{campaign_id}")


def _moves(visit: Visit, campaign: Campaign) -> list[Move]:
    open_now = (verb for state, verb in MOVES if state is campaign.state and verb in ACTS)
    return [verb for verb in open_now if visit.may(f"campaigns.{verb.lower()}")]


def _key(campaign: Campaign) -> str:
    return f"{campaign.create_time.isoformat()}~{campaign.campaign_id}"


def _place(key: str) -> tuple[datetime, str] | None:
    time, _, campaign_id = key.partition("~")
    try:
        return (datetime.fromisoformat(time), campaign_id) if campaign_id else None
    except ValueError:
        return None
