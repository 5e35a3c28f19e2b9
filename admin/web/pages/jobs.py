"""Jobs: bulk work with its progress, and the button that stops it."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns import jobs
from campaigns.callers.access import STAFF, Right
from database import operations

SHOWN = 30


def routes(house: House) -> Sequence[Route]:
    """The list, which renews itself while something runs."""
    return (
        Route("/jobs", page(house, listing, Right(STAFF)), name="jobs"),
        Route("/jobs/{operation_id}/cancel", page(house, cancel, Right(STAFF)), methods=["POST"], name="cancel_job"),
    )


def listing(visit: Visit) -> Response:
    """Newest first."""
    with visit.reading() as snapshot:
        found = operations.page(snapshot, limit=SHOWN)
    template = "jobs_rows.html" if visit.fragment else "jobs.html"
    return visit.page(template, jobs=found, running=any(not job.done for job in found))


def cancel(visit: Visit) -> Response:
    """Stop at the next chunk."""
    operation_id = visit.request.path_params["operation_id"]
    with visit.changing("operations.cancel", f"operations/{operation_id}") as (transaction, cause):
        jobs.cancel(transaction, cause, operation_id)
    return visit.go("/jobs")
