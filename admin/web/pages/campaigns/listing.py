"""The list of campaigns."""

from datetime import datetime

from starlette.responses import Response

from admin.web.visit import Visit
from campaigns.life import launch
from campaigns.terms.campaign import Campaign

PAGE = 25


def listing(visit: Visit) -> Response:
    """Newest first, a page at a time."""
    with visit.reading() as snapshot:
        found = launch.page(snapshot, limit=PAGE + 1, after=_place(visit.field("after")))
    after = _key(found[PAGE - 1]) if len(found) > PAGE else ""
    return visit.page("campaigns.html", campaigns=found[:PAGE], after=after)


def _key(campaign: Campaign) -> str:
    return f"{campaign.create_time.isoformat()}~{campaign.campaign_id}"


def _place(key: str) -> tuple[datetime, str] | None:
    time, _, campaign_id = key.partition("~")
    try:
        return (datetime.fromisoformat(time), campaign_id) if campaign_id else None
    except ValueError:
        return None
