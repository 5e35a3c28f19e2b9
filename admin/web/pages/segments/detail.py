"""One segment: what it means, who is in it, when it was built, and who asks about it."""

from starlette.responses import Response

from admin.web.done import Deed
from admin.web.visit import Visit
from campaigns.audiences import segment_building, segments
from campaigns.audiences.segment_uses import NOBODY, uses
from campaigns.callers.access import DESK
from database.work import operations
from rules.document import to_yaml
from rules.sentence import Speaker

MEMBERS, BUILDS = 25, 10


def overview(visit: Visit) -> Response:
    """Its part that changes while it is built comes alone where the page stands already."""
    segment_id = visit.request.path_params["segment_id"]
    sees_customers, after = visit.person.role in DESK, visit.field("after")
    with visit.reading() as snapshot:
        segment = segments.get(snapshot, segment_id)
        builds = operations.latest(snapshot, operations.BUILD_SEGMENT, limit=BUILDS, segment_id=segment_id)
        members = segments.members(snapshot, segment_id, limit=MEMBERS + 1, after=after) if sees_customers else []
        asking = uses(snapshot).get(segment_id, NOBODY)
    speaker = Speaker(language=visit.language, currency=visit.house.currency)
    return visit.page(
        "segment_standing.html" if visit.fragment else "segment.html", segment=segment, builds=builds, asking=asking,
        sentence=speaker.sentence(segment.rule), document=to_yaml(segment.rule), sees_customers=sees_customers,
        members=members[:MEMBERS], last=members[MEMBERS - 1] if len(members) > MEMBERS else "", after=after,
    )  # fmt: skip


def build(visit: Visit) -> Response:
    """Let a worker write down who fits the rule now."""
    segment_id = visit.request.path_params["segment_id"]
    with visit.changing("segments.build", f"segments/{segment_id}") as (transaction, cause):
        segment_building.begin(transaction, cause, segment_id, etag=visit.field("etag"))
    return visit.go(f"/segments/{segment_id}")


def confirm(visit: Visit) -> Response:
    """What would be gone."""
    segment_id = visit.request.path_params["segment_id"]
    with visit.reading() as snapshot:
        segment = segments.get(snapshot, segment_id)
    return visit.page("segment_delete.html", segment=segment)


def delete(visit: Visit) -> Response:
    """Delete it as the visitor saw it."""
    segment_id = visit.request.path_params["segment_id"]
    change = visit.changing("segments.delete", f"segments/{segment_id}", reason=visit.field("reason"))
    with change as (transaction, cause):
        segments.delete(transaction, cause, segment_id, etag=visit.field("etag"))
    return visit.go("/segments", Deed.DELETED)
