"""The inbox of an approver."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns.callers.access import STAFF, Right
from campaigns.life import inbox

SHOWN = 20


def routes(house: House) -> Sequence[Route]:
    """One page; what is decided goes to the campaign's own moves."""
    return (Route("/approvals", page(house, waiting, Right(STAFF))),)


def waiting(visit: Visit) -> Response:
    """What the visitor may decide about, the oldest first."""
    decides = visit.may("campaigns.approve")
    with visit.reading() as snapshot:
        found = inbox.waiting(snapshot, visit.person.name, limit=SHOWN) if decides else []
    return visit.page("approvals.html", found=found, decides=decides)
