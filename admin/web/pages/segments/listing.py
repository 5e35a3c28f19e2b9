"""The list of segments: what each means, how many it has, and who asks about it."""

from datetime import datetime

from starlette.responses import Response

from admin.web.received import place_of
from admin.web.visit import Visit
from campaigns.audiences import segments
from campaigns.audiences.segment_uses import NOBODY, uses
from rules.sentence import Speaker

PAGE = 25


def listing(visit: Visit) -> Response:
    """Newest first, a page at a time."""
    with visit.reading() as snapshot:
        found = segments.page(snapshot, limit=PAGE + 1, after=place_of(visit.field("before"), visit.field("id")))
        asking = uses(snapshot)
    speaker = Speaker(language=visit.language, currency=visit.house.currency)
    rows = [(each, speaker.sentence(each.rule), asking.get(each.segment_id, NOBODY).campaigns) for each in found[:PAGE]]
    older: tuple[datetime, str] | None = None
    if len(found) > PAGE:
        older = found[PAGE - 1].create_time, found[PAGE - 1].segment_id
    return visit.page("segments.html", rows=rows, older=older)
