"""Audit: who did what, when and why, and whether the log is as it was written."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.received import number_of
from admin.web.visit import Visit, page
from campaigns import trail
from campaigns.actor import Role
from campaigns.audit import sealing
from campaigns.audit.chain import BEGINNING, Mark
from campaigns.callers import access
from campaigns.callers.access import STAFF, Right
from campaigns.life.differences import AS_ONE, differences
from database.audit.log import AuditEntry, Wanted

SHOWN = 50
LOOKED_AT = 5000
"""Links that the badge looks along; `tierwise audit verify` looks along all."""
FIELDS = ("object_name", "actor", "action", "outcome", "since", "until")
KINDS = ("campaigns", "segments", "models", "tierSchemes", "operations", "staff", "keys")
"""Of objects; a customer's are looked up under the whole name, which not everybody may."""
YEARS = range(1970, 3000)
TOLD = {"error", "why"}
"""Why something failed, in English and as a value."""
OUTCOMES = ("OK", "DENIED", "FAILED", "DRY_RUN")


def routes(house: House) -> Sequence[Route]:
    """The log, and its badge."""
    return (
        Route("/audit", page(house, listing, Right(STAFF))),
        Route("/audit/seal", page(house, seal, Right(STAFF))),
    )


def listing(visit: Visit) -> Response:
    """Newest first, by object, actor, action, outcome and day; without its kind or role a name means each."""
    fields = {name: visit.field(name) for name in FIELDS}
    wanted = _wanted(fields, visit.zone)
    access.check_object(visit.person.actor, fields["object_name"])
    with visit.reading() as snapshot:
        found = trail.page(snapshot, wanted, limit=SHOWN + 1, before=number_of(visit.field("before")))
    lines = [(entry, differences(dict(entry.before or {}), _changed(entry), as_one=AS_ONE)) for entry in found[:SHOWN]]
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


def _wanted(fields: Mapping[str, str], zone: str) -> Wanted:
    """Days are those of the zone, and whole."""
    name, actor = fields["object_name"], fields["actor"]
    return Wanted(
        object_name=name if "/" in name else None, actor=actor if ":" in actor else None,
        object_names=[f"{kind}/{name}" for kind in KINDS] if name and "/" not in name else None,
        actors=[f"{role}:{actor}" for role in Role] if actor and ":" not in actor else None,
        action=fields["action"] or None, outcome=fields["outcome"] or None,
        since=_beginning(fields["since"], zone), until=_beginning(fields["until"], zone, days=1),
    )  # fmt: skip


def _beginning(text: str, zone: str, *, days: int = 0) -> datetime | None:
    """Of the day so many days later; None for anything that is no day, or of another age."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day + timedelta(days=days), time(), ZoneInfo(zone)) if day.year in YEARS else None


def _changed(entry: AuditEntry) -> dict[str, Any]:
    """What it led to, but for why it failed, which is told in words."""
    after = dict(entry.after or {})
    return {name: value for name, value in after.items() if name not in TOLD} if after.keys() >= TOLD else after
