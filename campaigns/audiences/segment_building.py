"""The bulk part of a segment: its members, chunk by chunk, behind those of the last build until all are there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.audiences.refusals import InvalidSegment
from campaigns.audiences.segments import locked, problems_of, refuse_while_building, rule_revisions
from campaigns.work import jobs
from database.audiences import facts, segments
from database.session import Transaction
from database.work import operations
from database.work.operations import Operation
from rules.document import from_data, to_data
from rules.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What a build is pinned to when it begins, so that a resumed one goes on by the same rule."""

    segment_id: str
    number: int
    rule_revision: int
    rule: Rule
    asked: Mapping[str, int]
    """The segments that the rule depends on, each with the revision of its own rule."""

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        """From an operation's request."""
        return cls(
            segment_id=request["segment_id"], number=request["build"], rule_revision=request["rule_revision"],
            rule=from_data(request["rule"]), asked=request.get("asked", {}),
        )  # fmt: skip

    def request(self) -> dict[str, Any]:
        """For an operation."""
        return {
            "segment_id": self.segment_id, "build": self.number, "rule_revision": self.rule_revision,
            "rule": to_data(self.rule), "asked": dict(self.asked),
        }  # fmt: skip


def begin(transaction: Transaction, cause: Cause, segment_id: str, *, etag: str | None = None) -> Operation:
    """Write down the members as the facts are, by an operation that can be cancelled.

    Raises SegmentNotFound, SegmentChanged, SegmentBuilding, InvalidSegment.
    """
    segment = locked(transaction, segment_id, etag)
    refuse_while_building(segment)
    problems = problems_of(transaction, segment.rule)
    if problems:
        raise InvalidSegment("; ".join(map(str, problems)), field=f"rule.{problems[0].path}")
    asked = rule_revisions(transaction, segment.rule)
    if names := segments.overtaken(transaction, asked):
        raise InvalidSegment(
            "; ".join(f"segments/{each} has the members of an earlier rule: build it first" for each in names),
            field="rule",
        )
    operation_id = uuid4().hex
    number = segments.start_build(transaction, segment_id, operation_id)
    build = Build(
        segment_id=segment_id, number=number, rule_revision=segment.rule_revision, rule=segment.rule, asked=asked
    )
    return jobs.begin(
        transaction, cause, operation_id, operations.BUILD_SEGMENT, build.request(),
        total_count=facts.count_customers(transaction), action="segments.build", object_name=segment.name,
    )  # fmt: skip


def step(transaction: Transaction, operation: Operation, cause: Cause, *, limit: int) -> bool:
    """The members among the customers after the operation's cursor, or the end.

    False when another worker was faster: then nothing is written.
    """
    after = operation.cursor or ""
    chunk = segments.next_chunk(transaction, after=after, limit=limit)
    if chunk is None:
        return _finish(transaction, operation, cause)
    ahead = operations.advance(transaction, operation, chunk.last, count=chunk.size, now=cause.now)
    if not ahead:
        return False
    build = Build.of(operation.request)
    segments.add_members(transaction, build.segment_id, build.number, build.rule, after=after, through=chunk.last)
    return True


def abandon(transaction: Transaction, operation: Operation) -> None:
    """After a cancelled build the earlier members stand."""
    segments.drop_build(transaction, operation.request["segment_id"], operation.request["build"])


def _finish(transaction: Transaction, operation: Operation, cause: Cause) -> bool:
    current = operations.at_end(transaction, operation)
    if current is None:
        return False
    build = Build.of(operation.request)
    segment = locked(transaction, build.segment_id)
    unchanged = rule_revisions(transaction, build.rule) == build.asked
    revision = build.rule_revision if unchanged else segments.OUTDATED
    seconds = (cause.now - operation.create_time).total_seconds()
    size = segments.finish_build(
        transaction, build.segment_id, build.number, revision=revision, seconds=seconds, now=cause.now
    )
    response = {"segment_id": build.segment_id, "member_count": size, "build_seconds": seconds}
    operations.finish(transaction, operation.operation_id, response, cause.now)
    trail.done(transaction, cause, "segments.build.finish", segment.name, after=response)
    return True
