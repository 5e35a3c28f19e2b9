"""The calendar: a month of windows, and of launches by the clock."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.visit import Visit, page
from campaigns.callers.access import STAFF, Right
from campaigns.life import calendar

A_MONTH = timedelta(days=31)


def routes(house: House) -> Sequence[Route]:
    """One month a page."""
    return (Route("/calendar", page(house, month, Right(STAFF))),)


def month(visit: Visit) -> Response:
    """The month that is asked for, else this one."""
    today = visit.now.astimezone(ZoneInfo(visit.zone)).date()
    first = _first(visit.field("month")) or today.replace(day=1)
    with visit.reading() as snapshot:
        weeks = calendar.weeks(snapshot, first, visit.now)
    before, after = (first - timedelta(days=1)).replace(day=1), (first + A_MONTH).replace(day=1)
    template = "calendar_month.html" if visit.fragment else "calendar.html"
    return visit.page(template, weeks=weeks, first=first, before=before, after=after, today=today)


def _first(asked: str) -> date | None:
    try:
        found = date.fromisoformat(f"{asked}-01")
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2999 else None  # noqa: PLR2004  # centuries with campaigns
