"""Campaigns: the list, one campaign with its versions, and the buttons that move it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from starlette.responses import Response
from starlette.routing import Route

from admin.offers import typed
from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns.actor import Cause
from campaigns.callers.access import STAFF, Right
from campaigns.errors import CampaignNotMovable
from campaigns.life import approving, launch, scheduling, versions
from campaigns.terms.campaign import MOVES, Campaign, Move, State
from database.session import Transaction
from rules.sentence import Speaker

PAGE = 25
VERSIONS = 20
Act = Callable[[Visit, Transaction, Cause, str], object]


def _submit(visit: Visit, transaction: Transaction, cause: Cause, campaign_id: str) -> object:
    return approving.submit(transaction, cause, campaign_id, visit.house.policy, etag=visit.field("etag"))


def _approve(visit: Visit, transaction: Transaction, cause: Cause, campaign_id: str) -> object:
    return approving.approve(
        transaction, cause, campaign_id, visit.house.policy, version=_read_version(visit), etag=visit.field("etag")
    )


def _reject(visit: Visit, transaction: Transaction, cause: Cause, campaign_id: str) -> object:
    return approving.reject(
        transaction, cause, campaign_id, version=_read_version(visit), etag=visit.field("etag")
    )  # fmt: skip


ACTS: Mapping[Move, Act] = MappingProxyType(
    {
        Move.SUBMIT: _submit,
        Move.APPROVE: _approve,
        Move.REJECT: _reject,
        Move.LAUNCH: lambda visit, transaction, cause, name: launch.launch(
            transaction, cause, name, etag=visit.field("etag")
        ),
        Move.SCHEDULE: lambda visit, transaction, cause, name: scheduling.schedule(
            transaction, cause, name, etag=visit.field("etag")
        ),
        Move.UNSCHEDULE: lambda visit, transaction, cause, name: scheduling.unschedule(
            transaction, cause, name, etag=visit.field("etag")
        ),
        Move.PAUSE: lambda visit, transaction, cause, name: launch.pause(
            transaction, cause, name, etag=visit.field("etag")
        ),
        Move.RESUME: lambda visit, transaction, cause, name: launch.resume(
            transaction, cause, name, etag=visit.field("etag")
        ),
        Move.END: lambda visit, transaction, cause, name: launch.end(
            transaction, cause, name, etag=visit.field("etag")
        ),
    }
)  # fmt: skip
"""What people do to a campaign, each the use case of the same name."""


def routes(house: House) -> Sequence[Route]:
    """List, detail, differences and moves."""
    staff = Right(STAFF)
    return (
        Route("/campaigns", page(house, listing, staff), name="campaigns"),
        Route("/campaigns/{campaign_id}", page(house, detail, staff), name="campaign"),
        Route("/campaigns/{campaign_id}/versions/{version:int}", page(house, difference, staff), name="version"),
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
    """One campaign as it stands: figures, who gets what, and how the plan came to be."""
    with visit.reading() as snapshot:
        campaign = launch.get(snapshot, _name(visit))
        found = versions.page(snapshot, campaign.campaign_id, limit=VERSIONS)
    plan = campaign.plan
    sentence = None if plan.rule is None else _speaker(visit, campaign).sentence(plan.rule)
    offers = [(offer, typed(offer, plan.currency)) for offer in plan.offers]
    return visit.page(
        "campaign.html", campaign=campaign, sentence=sentence, offers=offers, versions=found,
        moves=_moves(visit, campaign),
        editable=visit.may("campaigns.update") and (campaign.state, Move.EDIT) in MOVES,
    )  # fmt: skip


def difference(visit: Visit) -> Response:
    """What a version changed."""
    version = visit.request.path_params["version"]
    with visit.reading() as snapshot:
        campaign = launch.get(snapshot, _name(visit))
        this = versions.get(snapshot, campaign.campaign_id, version)
        found = versions.compare(snapshot, campaign.campaign_id, version - 1, version) if version > 1 else ()
    return visit.page("campaign_version.html", campaign=campaign, version=this, differences=found)


def confirm(visit: Visit) -> Response:
    """What the button will do, before it does it."""
    verb = _verb(visit)
    with visit.reading() as snapshot:
        campaign = launch.get(snapshot, _name(visit))
        before = campaign.version - 1
        found = versions.compare(snapshot, campaign.campaign_id, before, campaign.version) if before else ()
    return visit.page("campaign_confirm.html", campaign=campaign, verb=verb, differences=found)


def move(visit: Visit) -> Response:
    """Make a move as the visitor saw it: a campaign that changed since is left alone."""
    campaign_id, verb = _name(visit), _verb(visit)
    change = visit.changing(f"campaigns.{verb.lower()}", f"campaigns/{campaign_id}", reason=visit.field("reason"))
    with change as (transaction, cause):
        ACTS[verb](visit, transaction, cause, campaign_id)
    return visit.go(f"/campaigns/{campaign_id}")


def _moves(visit: Visit, campaign: Campaign) -> list[Move]:
    open_now = (verb for state, verb in MOVES if state is campaign.state and verb in ACTS)
    taken_up = (State.LAUNCHING, Move.LAUNCH)
    return [
        verb
        for verb in open_now
        if visit.may(f"campaigns.{verb.lower()}") and (campaign.state, verb) != taken_up
    ]  # fmt: skip


def _name(visit: Visit) -> str:
    name: str = visit.request.path_params["campaign_id"]
    return name


def _verb(visit: Visit) -> Move:
    verb = visit.request.path_params["verb"].upper()
    if verb not in ACTS:
        raise CampaignNotMovable(
            f"there is no way to {verb.lower()} a campaign", campaign=f"campaigns/{_name(visit)}", move=verb
        )
    return Move(verb)


def _read_version(visit: Visit) -> int:
    version = visit.field("version")
    return int(version) if version.isdecimal() else 0


def _speaker(visit: Visit, campaign: Campaign) -> Speaker:
    return Speaker(language=visit.language, currency=campaign.plan.currency)


def _key(campaign: Campaign) -> str:
    return f"{campaign.create_time.isoformat()}~{campaign.campaign_id}"


def _place(key: str) -> tuple[datetime, str] | None:
    time, _, campaign_id = key.partition("~")
    try:
        return (datetime.fromisoformat(time), campaign_id) if campaign_id else None
    except ValueError:
        return None
