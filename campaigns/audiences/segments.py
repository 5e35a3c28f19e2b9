"""Use cases on saved segments: a rule with a name, whose members are written down by a build.

Rules ask about the members of the last build that ended well, so a segment answers at once, and the same until it is
built again. While a build runs, or after it was cancelled, the earlier members stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from campaigns import trail
from campaigns.actor import Cause
from campaigns.audiences.refusals import (
    InvalidSegment,
    SegmentBuilding,
    SegmentChanged,
    SegmentExists,
    SegmentInUse,
    SegmentNotFound,
)
from campaigns.terms import display_name as names
from campaigns.terms import naming
from database.audiences import rule_authors, segments
from database.audiences.segments import StoredSegment
from database.session import Snapshot, Transaction
from database.terms import campaigns
from rules.check import SEGMENT_ID, Problem, find_problems
from rules.document import from_data, to_data
from rules.rule import InSegment, Rule, segments_named, walk


class SegmentState(StrEnum):
    """Whether the members fit the rule."""

    NEW = "NEW"
    """Never built: no rule can ask about it."""
    BUILDING = "BUILDING"
    READY = "READY"
    STALE = "STALE"
    """Built from an earlier version of the rule, or of one that it asks about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A saved segment as it stands."""

    segment_id: str
    display_name: str
    rule: Rule
    state: SegmentState
    revision: int
    rule_revision: int
    """Revision at which the rule last changed."""
    member_count: int | None
    """Of the last build; None before the first."""
    build_seconds: float | None
    """From the request of the last build to its end."""
    built_at: datetime | None
    operation_id: str | None
    """Of the last build that began."""
    create_time: datetime
    update_time: datetime

    @property
    def name(self) -> str:
        """The resource name."""
        return f"segments/{self.segment_id}"

    @property
    def etag(self) -> str:
        """Changes with the name and the rule; not with a build."""
        return str(self.revision)

    @classmethod
    def of(cls, stored: StoredSegment) -> Self:
        """From the database."""
        row = stored.row
        return cls(
            segment_id=row.segment_id, display_name=row.display_name, rule=from_data(row.rule), state=_state(stored),
            revision=row.revision, rule_revision=row.rule_revision, member_count=row.member_count,
            build_seconds=row.build_seconds, built_at=row.built_at, operation_id=row.operation_id,
            create_time=row.create_time, update_time=row.update_time,
        )  # fmt: skip


def create(transaction: Transaction, cause: Cause, segment_id: str, *, display_name: str, rule: Rule) -> Segment:
    """A new segment without members. Raises InvalidSegment, SegmentExists."""
    if not SEGMENT_ID.fullmatch(segment_id):
        raise InvalidSegment(
            f"{segment_id!r} is no segment id: a lower-case letter, then letters, digits and hyphens, at most 63",
            field="segment_id",
        )
    # Revisions go on where those of a deleted segment ended: plans know its rules by them.
    revision = rule_authors.last_revision(transaction, segment_id) + 1
    values = _values(transaction, segment_id, display_name, rule) | {"revision": revision, "rule_revision": revision}
    if not segments.add(transaction, segment_id, values, cause.now):
        raise SegmentExists(f"segments/{segment_id} exists: choose another id", segment=f"segments/{segment_id}")
    rule_authors.add(transaction, segment_id, revision, cause.actor.name, cause.now)
    segment = get(transaction, segment_id)
    trail.done(transaction, cause, "segments.create", segment.name, after=_facts(segment), version=segment.revision)
    return segment


def get(snapshot: Snapshot, segment_id: str) -> Segment:
    """One segment. Raises SegmentNotFound."""
    return Segment.of(SegmentNotFound.unless(segments.get(snapshot, segment_id), f"segments/{segment_id}"))


def id_for(snapshot: Snapshot, display_name: str, now: datetime) -> str:
    """The id of a name, with a number where a segment of another name has it: one of the same name is what is meant."""
    candidates = naming.ids_of(display_name, now, noun="segment")
    return next(each for each in candidates if _is_free_for(snapshot, each, display_name))


def page(
    snapshot: Snapshot, words: str = "", *, limit: int, after: tuple[datetime, str] | None = None
) -> list[Segment]:
    """Newest first, those with the words in name or id; `after` is (create_time, segment_id) of the last one seen."""
    return [Segment.of(stored) for stored in segments.page(snapshot, words, limit=limit, after=after)]


def members(snapshot: Snapshot, segment_id: str, *, limit: int, after: str = "") -> list[str]:
    """Customers of the last build, by customer_id. Raises SegmentNotFound."""
    get(snapshot, segment_id)
    return segments.members(snapshot, segment_id, after=after, limit=limit)


def update(
    transaction: Transaction, cause: Cause, segment_id: str, *, display_name: str | None = None,
    rule: Rule | None = None, etag: str | None = None,
) -> Segment:  # fmt: skip
    """Change the name or the rule; the members stay those of the last build, as do those of segments that ask about it.

    The rule stands still while a campaign is launched with it: who approved the campaign has agreed to this one.
    Raises SegmentNotFound, SegmentChanged, SegmentInUse, InvalidSegment.
    """
    askers = _askers(transaction, segment_id)
    segments.hold(transaction, {segment_id, *askers}, alone=True)
    before = locked(transaction, segment_id, etag)
    named = before.display_name if display_name is None else display_name
    values = _values(transaction, segment_id, named, before.rule if rule is None else rule)
    if rule is not None and rule != before.rule:
        _refuse_if_launched_with(transaction, before)
        values["rule_revision"] = before.revision + 1
        segments.outdate(transaction, askers)
        rule_authors.add(transaction, segment_id, before.revision + 1, cause.actor.name, cause.now)
    segments.change(transaction, segment_id, values, cause.now)
    after = get(transaction, segment_id)
    trail.done(
        transaction, cause, "segments.update", after.name, before=_facts(before), after=_facts(after),
        version=after.revision,
    )  # fmt: skip
    return after


def delete(transaction: Transaction, cause: Cause, segment_id: str, *, etag: str | None = None) -> None:
    """Delete a segment that no other one asks about, and no campaign that is still to freeze its audience.

    Raises SegmentNotFound, SegmentChanged, SegmentBuilding, SegmentInUse.
    """
    before = locked(transaction, segment_id, etag)
    refuse_while_building(before)
    for other, document in segments.rules_of_others(transaction, segment_id).items():
        if segment_id in segments_named(from_data(document)):
            raise SegmentInUse(
                f"segments/{other} asks about {before.name}: change it first", segment=before.name,
                used_by=f"segments/{other}",
            )  # fmt: skip
    _refuse_if_planned_with(transaction, before)
    segments.remove(transaction, segment_id)
    trail.done(transaction, cause, "segments.delete", before.name, before=_facts(before))


def locked(transaction: Transaction, segment_id: str, etag: str | None = None) -> Segment:
    """A segment that nobody else changes until the transaction ends. Raises SegmentNotFound, SegmentChanged."""
    stored = SegmentNotFound.unless(segments.locked(transaction, segment_id), f"segments/{segment_id}")
    segment = Segment.of(stored)
    SegmentChanged.check(segment.name, etag, segment.etag)
    return segment


def refuse_while_building(segment: Segment) -> None:
    """Raises SegmentBuilding."""
    if segment.state is SegmentState.BUILDING:
        operation = f"operations/{segment.operation_id}"
        raise SegmentBuilding(
            f"{segment.name} is being built by {operation}: wait for it or cancel it", segment=segment.name,
            operation=operation,
        )  # fmt: skip


def problems_of(snapshot: Snapshot, rule: Rule) -> list[Problem]:
    """All that is wrong with a rule here and now: its own problems, or segments that cannot answer."""
    own = list(find_problems(rule))
    if own:
        return own
    ready = segments.built(snapshot, segments_named(rule))
    asked = [(place.path, place.node.segment_id) for place in walk(rule) if isinstance(place.node, InSegment)]
    return [
        Problem(path, f"segments/{name} was never built: build it first" if name in ready else f"no segments/{name}")
        for path, name in asked
        if not ready.get(name, False)
    ]


def rule_revisions(snapshot: Snapshot, rule: Rule | None) -> dict[str, int]:
    """The segments that a rule depends on, through other segments too, each with the revision of its own rule."""
    revisions = dict[str, int]()
    asked = frozenset() if rule is None else segments_named(rule)
    seen = asked
    while asked:
        found = segments.rules(snapshot, asked)
        revisions |= {each.segment_id: each.revision for each in found}
        asked = frozenset().union(*(segments_named(from_data(each.rule)) for each in found)) - seen
        seen |= asked
    return revisions


def overtaken(snapshot: Snapshot, rule: Rule) -> list[str]:
    """The segments that a rule depends on and whose members fit an earlier rule, of their own or of one they ask."""
    return segments.overtaken(snapshot, rule_revisions(snapshot, rule))


def _askers(snapshot: Snapshot, segment_id: str) -> frozenset[str]:
    """The segments that ask about this one, through other segments too."""
    asked = {
        name: segments_named(from_data(document))
        for name, document in segments.rules_of_others(snapshot, segment_id).items()
    }
    found, more = frozenset[str](), frozenset({segment_id})
    while more:
        more = frozenset(name for name, names in asked.items() if names & more) - found
        found |= more
    return found


def _refuse_if_launched_with(transaction: Transaction, segment: Segment) -> None:
    for campaign_id, document in campaigns.rules_under_way(transaction).items():
        if segment.segment_id in rule_revisions(transaction, from_data(document)):
            raise SegmentInUse(
                f"campaigns/{campaign_id} is being launched with the rule of {segment.name}: wait until it is active, "
                "or end it", segment=segment.name, used_by=f"campaigns/{campaign_id}",
            )  # fmt: skip


def _refuse_if_planned_with(transaction: Transaction, segment: Segment) -> None:
    # A launch that failed after its audience was frozen asks once more when it is taken up.
    waiting = campaigns.rules_to_come(transaction) | campaigns.rules_under_way(transaction)
    for campaign_id, document in waiting.items():
        if segment.segment_id in segments_named(from_data(document)):
            raise SegmentInUse(
                f"campaigns/{campaign_id} asks about {segment.name}: change it first", segment=segment.name,
                used_by=f"campaigns/{campaign_id}",
            )  # fmt: skip


def _values(snapshot: Snapshot, segment_id: str, display_name: str, rule: Rule) -> dict[str, Any]:
    problems = problems_of(snapshot, rule)
    if problems:
        raise InvalidSegment("; ".join(map(str, problems)), field=f"rule.{problems[0].path}".rstrip("."))
    if segment_id in segments_named(rule) | rule_revisions(snapshot, rule).keys():
        raise InvalidSegment(f"segments/{segment_id} cannot ask about itself, nor through others", field="rule")
    if not names.fits(display_name):
        raise InvalidSegment(
            f"a segment needs a name of at most {names.LONGEST} symbols, in one line", field="display_name"
        )
    return {"display_name": display_name, "rule": to_data(rule)}


def _is_free_for(snapshot: Snapshot, segment_id: str, display_name: str) -> bool:
    found = segments.get(snapshot, segment_id)
    return found is None or found.row.display_name == display_name


def _state(stored: StoredSegment) -> SegmentState:
    if stored.building:
        return SegmentState.BUILDING
    if stored.row.built_revision is None:
        return SegmentState.NEW
    return SegmentState.READY if stored.row.built_revision == stored.row.rule_revision else SegmentState.STALE


def _facts(segment: Segment) -> Mapping[str, Any]:
    """What the audit log keeps."""
    return {"display_name": segment.display_name, "rule": to_data(segment.rule), "member_count": segment.member_count}
