"""Home: what needs somebody, what runs, and how customers are divided into tiers."""

from collections.abc import Sequence
from datetime import datetime

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns import retrying
from campaigns.callers.access import STAFF, Right
from campaigns.tiers import rescored
from campaigns.watching import overview
from database.models import scores
from events.currency import strange

SHOWN = 12
LOOKED_BACK = 5
"""Rescorings, of which the newest may be on its way or have failed."""


def routes(house: House) -> Sequence[Route]:
    """The first page."""
    return (Route("/", page(house, home, Right(STAFF))),)


def home(visit: Visit) -> Response:
    """Alerts, live campaigns beside their plans, and the tiers; whose end comes first stands first."""
    approver = visit.person.name if visit.may("campaigns.approve") else None
    author = visit.person.name if visit.may("campaigns.launch") else None
    with visit.reading() as snapshot:
        found = overview.live(snapshot, limit=SHOWN + 1, after=_place(visit.field("after")))
        alerts = overview.alert(snapshot, visit.now, approver=approver, author=author)
        past = rescored.latest(snapshot, limit=LOOKED_BACK)
        scored_in = scores.scored_currency(snapshot)
    last = found[SHOWN - 1].campaign if len(found) > SHOWN else None
    after = "" if last is None else f"{last.plan.end_time.isoformat()}~{last.campaign_id}"
    return visit.page(
        "home.html", live=found[:SHOWN], alerts=alerts, after=after, retried=retrying.KINDS,
        last=past[-1] if past else None, foreign=strange([visit.house.currency], scored_in) if scored_in else [],
        scored_in=scored_in,
    )  # fmt: skip


def _place(key: str) -> tuple[datetime, str] | None:
    time, _, campaign_id = key.partition("~")
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    return (moment, campaign_id) if moment.tzinfo is not None else None
