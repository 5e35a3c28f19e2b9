"""Audit: who did what, when and why, and whether the log is as it was written."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.received import number_of
from admin.web.visit import Visit, page
from campaigns import trail
from campaigns.audit import sealing
from campaigns.audit.chain import BEGINNING, Mark
from campaigns.callers import access
from campaigns.callers.access import STAFF, Right
from campaigns.life.differences import AS_ONE, differences
from database.audit.log import Wanted

SHOWN = 50
LOOKED_AT = 5000
"""Links that the badge looks along; `tierwise audit verify` looks along all."""
OUTCOMES = ("OK", "DENIED", "FAILED", "DRY_RUN")


def routes(house: House) -> Sequence[Route]:
    """The log, and its badge."""
    return (
        Route("/audit", page(house, listing, Right(STAFF)), name="audit"),
        Route("/audit/seal", page(house, seal, Right(STAFF)), name="audit_seal"),
    )


def listing(visit: Visit) -> Response:
    """Newest first, by object, actor, action and outcome."""
    fields = {name: visit.field(name) for name in ("object_name", "actor", "action", "outcome")}
    wanted = Wanted(
        object_name=fields["object_name"] or None, actor=fields["actor"] or None, action=fields["action"] or None,
        outcome=fields["outcome"] or None,
    )  # fmt: skip
    access.check_object(visit.person.actor, fields["object_name"])
    with visit.reading() as snapshot:
        found = trail.page(snapshot, wanted, limit=SHOWN + 1, before=number_of(visit.field("before")))
    lines = [
        (entry, differences(dict(entry.before or {}), dict(entry.after or {}), as_one=AS_ONE))
        for entry in found[:SHOWN]
    ]
    older = lines[-1][0].audit_id if len(found) > SHOWN else None
    template = "audit_rows.html" if visit.fragment else "audit.html"
    return visit.page(template, lines=lines, older=older, fields=fields, outcomes=OUTCOMES, usual_currency=None)


def seal(visit: Visit) -> Response:
    """Looks along the end of the chain."""
    with visit.reading() as snapshot:
        length = sealing.length(snapshot)
        start = sealing.mark_at(snapshot, max(length - LOOKED_AT, 0)) or Mark(0, BEGINNING)
        found = sealing.verify_piece(snapshot, after=start, limit=LOOKED_AT)
    return visit.part("audit_seal.html", "/audit", found=found, length=length)
