"""The kill switch: what stands still, and the buttons that stop everything or one campaign and let it go on."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from admin.web.done import Deed
from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns.callers.access import STAFF, Right
from campaigns.life import campaigns, switches
from campaigns.watching import overview
from database.life.stops import EVERYTHING

SHOWN = 50


def routes(house: House) -> Sequence[Route]:
    """The list, and both moves with their confirmations; who may make which is in the table of access."""
    staff = Right(STAFF)
    return (
        Route("/switches", page(house, listing, staff)),
        Route("/switches/stop", page(house, confirm_stop, staff)),
        Route("/switches/stop", page(house, stop, staff), methods=["POST"]),
        Route("/switches/allow", page(house, confirm_allow, staff)),
        Route("/switches/allow", page(house, allow, staff), methods=["POST"]),
    )


def listing(visit: Visit) -> Response:
    """Everything first."""
    with visit.reading() as snapshot:
        found = switches.page(snapshot, limit=SHOWN)
    return visit.page("switches.html", found=found)


def confirm_stop(visit: Visit) -> Response:
    """What will happen, before it does."""
    return _confirm(visit, "stop")


def confirm_allow(visit: Visit) -> Response:
    """Likewise."""
    return _confirm(visit, "allow")


def stop(visit: Visit) -> Response:
    """From this moment nothing is given away."""
    scope = _scope(visit)
    with visit.changing("switches.stop", f"campaigns/{scope}", reason=visit.field("reason")) as (transaction, cause):
        switches.stop(transaction, cause, scope)
    return visit.go("/switches", Deed.STOPPED)


def allow(visit: Visit) -> Response:
    """Let it go on."""
    scope = _scope(visit)
    with visit.changing("switches.allow", f"campaigns/{scope}", reason=visit.field("reason")) as (transaction, cause):
        switches.allow(transaction, cause, scope)
    return visit.go("/switches", Deed.ALLOWED)


def _confirm(visit: Visit, verb: str) -> Response:
    scope = _scope(visit)
    with visit.reading() as snapshot:
        campaign = None if scope == EVERYTHING else campaigns.get(snapshot, scope)
        live = overview.live(snapshot, limit=SHOWN) if campaign is None else []
    return visit.page("switch_confirm.html", verb=verb, scope=scope, campaign=campaign, live=live)


def _scope(visit: Visit) -> str:
    return visit.field("scope") or EVERYTHING
