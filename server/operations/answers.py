"""What came of bulk work, in the message that its method promised."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from tierwise.v1 import segment_pb2

from campaigns.audiences import segments
from campaigns.audiences.refusals import SegmentNotFound
from campaigns.life import campaigns
from campaigns.tiers import previewing
from database.session import Snapshot
from database.work.operations import (
    BUILD_SEGMENT,
    ERASE_CUSTOMER,
    HAND_OVER_COUPONS,
    LAUNCH_CAMPAIGN,
    PREVIEW_TIERS,
    RECONCILE_LEDGERS,
    SUCCEEDED,
    VERIFY_AUDIT,
    Operation,
)
from server.audit.messages import verified_message
from server.budgets.messages import reconciled_message
from server.campaigns.messages import campaign_message
from server.coupons.messages import handed_over_message
from server.segments.messages import segment_message
from server.tiers.previews import preview_message
from server.wire.operations import operation_message

ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], Message]] = MappingProxyType(
    {
        RECONCILE_LEDGERS: reconciled_message,
        VERIFY_AUDIT: verified_message,
        ERASE_CUSTOMER: lambda _: Empty(),
        HAND_OVER_COUPONS: handed_over_message,
    }
)
"""Work whose response row is all that there is to answer."""


def answered(snapshot: Snapshot, operation: Operation) -> operations_pb2.Operation:
    return operation_message(operation, _made(snapshot, operation) if operation.state == SUCCEEDED else None)


def _made(snapshot: Snapshot, operation: Operation) -> Message | None:
    """What came of it; the campaign or the segment as it stands, and only its name if it was deleted since."""
    if operation.kind == LAUNCH_CAMPAIGN:
        return campaign_message(campaigns.get(snapshot, operation.request["campaign_id"]))
    if operation.kind == PREVIEW_TIERS and operation.response is not None:
        return preview_message(replace(previewing.found(snapshot, operation), movers=()))
    if operation.kind in ANSWERS and operation.response is not None:
        return ANSWERS[operation.kind](operation.response)
    if operation.kind != BUILD_SEGMENT:
        return None
    segment_id = operation.request["segment_id"]
    try:
        return segment_message(segments.get(snapshot, segment_id))
    except SegmentNotFound:
        return segment_pb2.Segment(name=f"segments/{segment_id}")
