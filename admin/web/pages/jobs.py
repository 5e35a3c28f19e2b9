"""Jobs: bulk work with its progress, the buttons that stop it and begin it once more, and what the clock cannot do."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from admin.web.done import Deed
from admin.web.house import House
from admin.web.received import place_of
from admin.web.visit import Visit, page
from campaigns import retrying
from campaigns.callers.access import STAFF, Right
from campaigns.work import jobs
from database.work import duties, operations

SHOWN = 30
STATES = (operations.RUNNING, operations.FAILED, operations.SUCCEEDED, operations.CANCELLED)


def routes(house: House) -> Sequence[Route]:
    """The list, which renews itself while something runs."""
    staff = Right(STAFF)
    return (
        Route("/jobs", page(house, listing, staff)),
        Route("/jobs/{operation_id}/cancel", page(house, cancel, staff), methods=["POST"]),
        Route("/jobs/{operation_id}/retry", page(house, retry, staff), methods=["POST"]),
    )


def listing(visit: Visit) -> Response:
    """Newest first, by kind and state; older pages stand still."""
    after = place_of(visit.field("before"), visit.field("id"))
    fields = {name: visit.field(name) for name in ("kind", "state")}
    kind, state = (fields[name] or None for name in fields)
    with visit.reading() as snapshot:
        found = operations.page(snapshot, limit=SHOWN + 1, after=after, kind=kind, state=state)
        undone = duties.undone(snapshot, visit.now)
    older = found[SHOWN - 1] if len(found) > SHOWN else None
    running = after is None and any(not job.done for job in found)
    template = "jobs_rows.html" if visit.fragment else "jobs.html"
    return visit.page(
        template, jobs=found[:SHOWN], running=running, older=older, retried=retrying.KINDS, fields=fields,
        states=STATES, undone=undone,
    )  # fmt: skip


def cancel(visit: Visit) -> Response:
    """Stop at the next chunk."""
    operation_id = visit.request.path_params["operation_id"]
    with visit.changing("operations.cancel", f"operations/{operation_id}") as (transaction, cause):
        jobs.cancel(transaction, cause, operation_id)
    return visit.go("/jobs", Deed.CANCELLED)


def retry(visit: Visit) -> Response:
    """Begin the same work once more."""
    operation_id = visit.request.path_params["operation_id"]
    with visit.reading() as snapshot:
        action = retrying.action_of(snapshot, operation_id)
    with visit.changing(action, f"operations/{operation_id}") as (transaction, cause):
        retrying.retry(transaction, cause, operation_id)
    return visit.go("/jobs", Deed.BEGUN)
