"""Home: what runs, and what needs somebody."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns.callers.access import STAFF, Right
from campaigns.life import launch
from campaigns.terms.campaign import State

SHOWN = 20
LIVE = frozenset({State.LAUNCHING, State.ACTIVE, State.PAUSED})


def routes(house: House) -> Sequence[Route]:
    """The first page."""
    return (Route("/", page(house, home, Right(STAFF)), name="home"),)


def home(visit: Visit) -> Response:
    """Live campaigns."""
    with visit.reading() as snapshot:
        found = launch.page(snapshot, limit=SHOWN)
    return visit.page("home.html", campaigns=[each for each in found if each.state in LIVE])
