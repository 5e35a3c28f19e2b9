"""The form by which a segment is made or changed: a name, a rule, and how many the rule means while it is written."""

from dataclasses import dataclass, replace

from starlette.responses import Response

from admin.web import rule_builder
from admin.web.done import Deed
from admin.web.forms import rule_tree
from admin.web.forms.typed import Errors, Fault
from admin.web.rule_builder import COUNTS, Written
from admin.web.visit import CHANGED, UNUSABLE, Visit
from campaigns.audiences import segment_building, segment_uses, segments
from campaigns.audiences.segments import Segment
from campaigns.errors import AlreadyExists, Changed, Refusal
from database.session import Snapshot
from rules.rule import Rule

NAME = "display_name"
SAVE = "save"
BUILDS = "build"
"""Behind the verb, of the button that also builds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form without faults."""

    segment_id: str
    display_name: str
    rule: Rule
    builds: bool


def show_new(visit: Visit) -> Response:
    """One condition to begin with: a segment of everybody says nothing."""
    with visit.reading() as snapshot:
        first = Written(node=rule_tree.FIRST, rule=rule_tree.compiled(rule_tree.FIRST, visit.house.currency).rule)
        return _page(visit, snapshot, None, first)


def show(visit: Visit) -> Response:
    """The segment as it is."""
    with visit.reading() as snapshot:
        segment = segments.get(snapshot, visit.request.path_params["segment_id"])
        return _page(visit, snapshot, segment, rule_builder.of_rule(segment.rule, visit.house.currency))


def act_new(visit: Visit) -> Response:
    """A button of the form by which a segment is made."""
    return _act(visit, None)


def act(visit: Visit) -> Response:
    """A button of the form by which a segment is changed."""
    with visit.reading() as snapshot:
        segment = segments.get(snapshot, visit.request.path_params["segment_id"])
    return _act(visit, segment)


def _act(visit: Visit, segment: Segment | None) -> Response:
    verb, _, place = visit.field("do").partition(" ")
    name, currency = visit.field(NAME), visit.house.currency
    with visit.reading() as snapshot:
        written = rule_builder.read(snapshot, visit.fields, currency)
        if verb in COUNTS:
            return rule_builder.meaning(visit, snapshot, written, currency, closely=verb == "narrow")
        if verb != SAVE:
            return _page(visit, snapshot, segment, rule_builder.pressed(written, verb, place, currency))
        errors = _errors(written, name)
        if errors or written.rule is None:
            return _page(visit, snapshot, segment, replace(written, errors=errors))
        segment_id = segment.segment_id if segment else segments.id_for(snapshot, name, visit.now)
    sent = Sent(segment_id=segment_id, display_name=name, rule=written.rule, builds=place == BUILDS)
    refusal = _save(visit, segment, sent)
    if refusal is None or _made_already(visit, refusal, sent):
        return visit.go(f"/segments/{segment_id}", Deed.SAVED)
    return _refused(visit, segment, written, refusal)


def _errors(written: Written, name: str) -> Errors:
    missing = {} if name else {NAME: Fault.EMPTY}
    place = "document" if written.document is not None else rule_tree.ROOT
    empty = {place: Fault.EMPTY} if written.rule is None and not written.errors else {}
    return {**missing, **empty, **written.errors}


def _save(visit: Visit, segment: Segment | None, sent: Sent) -> Refusal | None:
    """The change and the build in one transaction, or what stands in their way."""
    action = "segments.create" if segment is None else "segments.update"
    try:
        with visit.changing(action, f"segments/{sent.segment_id}") as (transaction, cause):
            if segment is None:
                segments.create(transaction, cause, sent.segment_id, display_name=sent.display_name, rule=sent.rule)
            else:
                segments.update(
                    transaction, cause, sent.segment_id, display_name=sent.display_name, rule=sent.rule,
                    etag=visit.field("etag"),
                )  # fmt: skip
            if sent.builds:
                segment_building.begin(transaction, cause, sent.segment_id)
    except Refusal as refusal:
        return refusal
    return None


def _made_already(visit: Visit, refusal: Refusal, sent: Sent) -> bool:
    """A button that is pressed twice makes one segment."""
    if not isinstance(refusal, AlreadyExists):
        return False
    with visit.reading() as snapshot:
        found = segments.get(snapshot, sent.segment_id)
    return (found.display_name, found.rule) == (sent.display_name, sent.rule)


def _refused(visit: Visit, segment: Segment | None, written: Written, refusal: Refusal) -> Response:
    errors = _named(refusal) or rule_builder.refused(written, refusal)
    with visit.reading() as snapshot:
        return _page(visit, snapshot, segment, replace(written, errors=errors), refusal)


def _named(refusal: Refusal) -> Errors:
    """What is wrong with the name, if it is that."""
    if isinstance(refusal, AlreadyExists):
        return {NAME: Fault.TAKEN}
    return {NAME: refusal.message} if refusal.metadata.get("field") == NAME else {}


def _page(
    visit: Visit, snapshot: Snapshot, segment: Segment | None, written: Written, refusal: Refusal | None = None
) -> Response:
    segment_id = segment.segment_id if segment else ""
    values = rule_builder.shown(snapshot, written, visit.house.currency, needed=True, without=segment_id)
    if visit.fragment:
        return rule_builder.part(visit, values, written)
    posted, stale = visit.request.method == "POST", isinstance(refusal, Changed)
    errors = written.errors if posted else {}
    return visit.page(
        "segment_form.html", CHANGED if stale else UNUSABLE if refusal or errors else 200, segment=segment,
        refusal=refusal, stale=stale, errors=errors, etag=visit.field("etag") or (segment.etag if segment else ""),
        display_name=visit.field(NAME) if posted else segment.display_name if segment else "",
        asking=segment_uses.uses(snapshot).get(segment_id, segment_uses.NOBODY), **values,
    )  # fmt: skip
