"""Imports: which files came in, by whom, and which of their rows were not taken in, and why."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from admin.files.rejected_rows import COLUMNS, PAGE_ROWS, row_of
from admin.web.house import House
from admin.web.received import place_of
from admin.web.visit import MISSING, Visit, page
from campaigns.callers.access import STAFF, TEAM, Right
from database import imports
from database.audit import log
from database.session import Snapshot

SHOWN, EXAMPLES = 25, 20
ACTIONS = ("events.import", "items.import", "customers.import")
"""Whose lines of the audit log have the fact IMPORT."""
IMPORT = "import"
ONE = "/imports/{import_id}"


def routes(house: House) -> Sequence[Route]:
    """Nothing is changed here. What stands in rejected rows is of single customers, as their pages are."""
    return (
        Route("/imports", page(house, listing, Right(STAFF))),
        Route(ONE, page(house, one, Right(STAFF))),
        Route(ONE + "/rejected.csv", page(house, rejected, Right(TEAM))),
    )


def listing(visit: Visit) -> Response:
    """Newest first, a page at a time."""
    with visit.reading() as snapshot:
        found = imports.page(snapshot, limit=SHOWN + 1, after=place_of(visit.field("before"), visit.field("id")))
        by = log.actors(snapshot, ACTIONS, IMPORT, [each.import_id for each in found])
    older = found[SHOWN - 1] if len(found) > SHOWN else None
    return visit.page("imports.html", found=found[:SHOWN], by=by, older=older)


def one(visit: Visit) -> Response:
    """What became of the rows of a file."""
    sees_customers = visit.person.role in TEAM
    with visit.reading() as snapshot:
        found = imports.find_import(snapshot, visit.request.path_params["import_id"])
        if found is None:
            return visit.page("missing.html", MISSING)
        by = log.actors(snapshot, ACTIONS, IMPORT, [found.import_id])
        examples = _rows(snapshot, found.import_id, limit=EXAMPLES) if sees_customers else []
    return visit.page(
        "import.html", found=found, by=by.get(found.import_id), reasons=reasons(found.report), examples=examples,
        sees_customers=sees_customers,
    )  # fmt: skip


def rejected(visit: Visit) -> Response:
    """Every row that was not taken in as a CSV file, as `tierwise import report --rejected` writes it."""
    with visit.reading() as snapshot:
        found = imports.find_import(snapshot, visit.request.path_params["import_id"])
    if found is None:
        return visit.page("missing.html", MISSING)
    named = {"content-disposition": f'attachment; filename="rejected-{found.import_id[:12]}.csv"'}
    return StreamingResponse(_lines(visit, found.import_id), media_type="text/csv; charset=utf-8", headers=named)


def reasons(report: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Why rows were not taken in, the most frequent first; those of events by step of cleaning."""
    counted = Counter[str](report.get("reasons", {}))
    for step in report.get("steps", ()):
        counted.update(step["rejected"])
    return counted.most_common()


def _lines(visit: Visit, import_id: str) -> Iterator[str]:
    """A snapshot for each page: none is held while the browser takes it."""
    after, found = 0, list[tuple[str, ...]]([COLUMNS])
    while found:
        part = StringIO()
        csv.writer(part).writerows(found)
        yield part.getvalue()
        with visit.reading() as snapshot:
            rows = _rows(snapshot, import_id, limit=PAGE_ROWS, after=after)
        found, after = list(map(row_of, rows)), rows[-1].row_number if rows else after


def _rows(snapshot: Snapshot, import_id: str, *, limit: int, after: int = 0) -> list[imports.Rejected]:
    return list(imports.rejected_of(snapshot, import_id, after=after, limit=limit))
