"""Segments between the wire and us."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from tierwise.v1 import segment_pb2

from campaigns.audiences.segments import Segment
from rules.sentence import Speaker
from server.segments.rules import rule_message, rule_value
from server.wire.refusals import InvalidRequest
from server.wire.stamps import stamp

MEMBERS = "/members/"


def segment_message(segment: Segment) -> segment_pb2.Segment:
    message = segment_pb2.Segment(
        name=segment.name, display_name=segment.display_name, rule=rule_message(segment.rule),
        sentence=Speaker().sentence(segment.rule), state=segment_pb2.Segment.State.Value(segment.state),
        member_count=segment.member_count,
        operation="" if segment.operation_id is None else f"operations/{segment.operation_id}",
        create_time=stamp(segment.create_time), update_time=stamp(segment.update_time), etag=segment.etag,
    )  # fmt: skip
    if segment.built_at is not None and segment.build_seconds is not None:
        message.build_time.CopyFrom(stamp(segment.built_at))
        message.build_duration.CopyFrom(_duration(segment.build_seconds))
    return message


def changes(message: segment_pb2.Segment, fields: frozenset[str]) -> Mapping[str, Any]:
    """The named fields as arguments of `segments.update`. Raises InvalidRequest."""
    if "rule" in fields and not message.HasField("rule"):
        raise InvalidRequest.of("segment.rule", "a segment needs a rule; leave it out of update_mask to keep it")
    given: dict[str, Any] = {}
    if "display_name" in fields:
        given["display_name"] = message.display_name
    if "rule" in fields:
        given["rule"] = rule_value(message.rule)
    return given


def member_message(segment: str, customer_id: str) -> segment_pb2.SegmentMember:
    """For the wire; `segment` is the resource name."""
    return segment_pb2.SegmentMember(name=f"{segment}{MEMBERS}{customer_id}", customer=f"customers/{customer_id}")


def _duration(seconds: float) -> Duration:
    made = Duration()
    made.FromTimedelta(timedelta(seconds=seconds))
    return made
