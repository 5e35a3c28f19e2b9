"""What came of bulk work, in the message that its method promised."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from tierwise.v1 import segment_pb2
from tierwise.v1.campaign_service_pb2 import ExpectUpliftsResponse
from tierwise.v1.scoring_service_pb2 import (
    JudgeModelResponse,
    PreviewModelResponse,
    RetrainModelResponse,
    ScoreAllCustomersResponse,
)

from campaigns.audiences import segments
from campaigns.audiences.refusals import SegmentNotFound
from campaigns.life import campaigns
from campaigns.tiers import previewing
from database.session import Snapshot
from database.work import operations
from database.work.operations import Operation
from server.audit.messages import verified_message
from server.budgets.messages import reconciled_message
from server.campaigns.messages import campaign_message
from server.coupons.messages import handed_over_message, tested_message
from server.segments.messages import segment_message
from server.tiers.previews import preview_message
from server.wire.names import MODEL
from server.wire.operations import operation_message

MADE: Mapping[str, Callable[[Mapping[str, Any]], Message]] = {
    operations.SCORE_ALL_CUSTOMERS: lambda said: ScoreAllCustomersResponse(
        scored_count=said["scored_count"], moved_count=said.get("moved_count", 0),
        unscored_count=said.get("unscored_count", 0),
    ),
    operations.RECONCILE_LEDGERS: reconciled_message,
    operations.VERIFY_AUDIT: verified_message,
    operations.ERASE_CUSTOMER: lambda _: Empty(),
    operations.HAND_OVER_COUPONS: handed_over_message,
    operations.SEND_TEST_MESSAGE: tested_message,
    operations.EXPECT_UPLIFTS: lambda said: ExpectUpliftsResponse(expected_count=said["expected_count"]),
    operations.JUDGE_MODEL: lambda said: JudgeModelResponse(passed=said["passed"]),
    operations.RETRAIN_MODEL: lambda said: RetrainModelResponse(model=MODEL + said["model_id"]),
    operations.PREVIEW_MODEL: lambda said: PreviewModelResponse(scored_count=said["scored_count"]),
}  # fmt: skip
"""Of work whose response row is all that there is to answer."""


def answered(snapshot: Snapshot, operation: Operation) -> operations_pb2.Operation:
    return operation_message(operation, _made(snapshot, operation) if operation.state == operations.SUCCEEDED else None)


def _made(snapshot: Snapshot, operation: Operation) -> Message:
    """What came of it; the campaign or the segment as it stands, and only its name if it was deleted since."""
    if operation.kind == operations.LAUNCH_CAMPAIGN:
        return campaign_message(campaigns.get(snapshot, operation.request["campaign_id"]))
    if operation.kind == operations.PREVIEW_TIERS:
        return preview_message(replace(previewing.found(snapshot, operation), movers=()))
    if operation.kind != operations.BUILD_SEGMENT:
        return MADE[operation.kind](operation.response or {})
    segment_id = operation.request["segment_id"]
    try:
        return segment_message(segments.get(snapshot, segment_id))
    except SegmentNotFound:
        return segment_pb2.Segment(name=f"segments/{segment_id}")
