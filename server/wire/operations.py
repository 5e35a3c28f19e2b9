"""Bulk work as google.longrunning operations."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from google.longrunning import operations_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2
from tierwise.v1 import (
    audit_service_pb2,
    budget_service_pb2,
    campaign_service_pb2,
    coupon_service_pb2,
    customer_service_pb2,
    scoring_service_pb2,
    segment_service_pb2,
    tier_service_pb2,
)

from campaigns.faults import Fault
from database.work.operations import (
    BUILD_SEGMENT,
    CANCELLED,
    ERASE_CUSTOMER,
    EXPECT_UPLIFTS,
    HAND_OVER_COUPONS,
    JUDGE_MODEL,
    LAUNCH_CAMPAIGN,
    PREVIEW_MODEL,
    PREVIEW_TIERS,
    RECONCILE_LEDGERS,
    RETRAIN_MODEL,
    SCORE_ALL_CUSTOMERS,
    SUCCEEDED,
    VERIFY_AUDIT,
    Operation,
)
from server.wire.errors import told
from server.wire.faults import fault_message, parameters
from server.wire.names import CAMPAIGN, MODEL, SEGMENT, TIER_SCHEME
from server.wire.stamps import stamp


class Kind(NamedTuple):
    """What the metadata of a kind of work are, and which of its fields names what it is done to."""

    metadata: type[Message]
    subject: Mapping[str, str]
    """Field of the metadata to prefix of the resource name."""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        SCORE_ALL_CUSTOMERS: Kind(scoring_service_pb2.ScoreAllCustomersMetadata, {}),
        LAUNCH_CAMPAIGN: Kind(campaign_service_pb2.LaunchCampaignMetadata, {"campaign": CAMPAIGN}),
        RECONCILE_LEDGERS: Kind(budget_service_pb2.ReconcileLedgersMetadata, {}),
        VERIFY_AUDIT: Kind(audit_service_pb2.VerifyAuditMetadata, {}),
        ERASE_CUSTOMER: Kind(customer_service_pb2.DeleteCustomerMetadata, {}),
        BUILD_SEGMENT: Kind(segment_service_pb2.BuildSegmentMetadata, {"segment": SEGMENT}),
        HAND_OVER_COUPONS: Kind(coupon_service_pb2.HandOverCouponsMetadata, {"campaign": CAMPAIGN}),
        EXPECT_UPLIFTS: Kind(campaign_service_pb2.ExpectUpliftsMetadata, {"campaign": CAMPAIGN}),
        JUDGE_MODEL: Kind(scoring_service_pb2.JudgeModelMetadata, {"model": MODEL}),
        RETRAIN_MODEL: Kind(scoring_service_pb2.RetrainModelMetadata, {}),
        PREVIEW_MODEL: Kind(scoring_service_pb2.PreviewModelMetadata, {"model": MODEL}),
        PREVIEW_TIERS: Kind(tier_service_pb2.KeepTierPreviewMetadata, {"tier_scheme": TIER_SCHEME, "model": MODEL}),
    }
)


def operation_message(operation: Operation, made: Message | None = None) -> operations_pb2.Operation:
    """For the wire; a launch or a build that succeeded answers with what it `made`."""
    message = operations_pb2.Operation(name=operation.name, done=operation.done)
    message.metadata.Pack(_metadata(operation))
    if operation.state == SUCCEEDED:
        message.response.Pack(_scored(operation) if made is None else made)
    elif operation.done:
        message.error.CopyFrom(_error(operation))
    return message


def _metadata(operation: Operation) -> Message:
    kind, subject = KINDS[operation.kind]
    return kind(
        done_count=operation.done_count, total_count=operation.total_count, create_time=stamp(operation.create_time),
        update_time=stamp(operation.update_time), cancel_requested=operation.cancel_requested,
        fault=fault_message(operation.error, operation.why),
        **{field: prefix + named for field, prefix in subject.items() if (named := operation.request[f"{field}_id"])},
    )  # fmt: skip


def _scored(operation: Operation) -> Message:
    response = operation.response or {}
    scored = response.get("scored_count", operation.done_count)
    if operation.kind == EXPECT_UPLIFTS:
        return campaign_service_pb2.ExpectUpliftsResponse(expected_count=response.get("expected_count", 0))
    if operation.kind == JUDGE_MODEL:
        return scoring_service_pb2.JudgeModelResponse(passed=response.get("passed", False))
    if operation.kind == RETRAIN_MODEL:
        return scoring_service_pb2.RetrainModelResponse(model=MODEL + response["model_id"])
    if operation.kind == PREVIEW_MODEL:
        return scoring_service_pb2.PreviewModelResponse(scored_count=scored)
    moved = response.get("moved_count", 0)
    return scoring_service_pb2.ScoreAllCustomersResponse(
        scored_count=scored, moved_count=moved, unscored_count=response.get("unscored_count", 0)
    )


def _error(operation: Operation) -> status_pb2.Status:
    """How it ended; what broke inside in other words than ours stands in the log, not on the wire."""
    if operation.state == CANCELLED:
        return status_pb2.Status(code=code_pb2.CANCELLED, message="cancelled on request")
    fault = Fault.read(operation.error or "it failed", operation.why)
    said = f"{operation.name} failed: {fault.sentence()}"
    return told(code_pb2.INTERNAL, fault.code, said, parameters(fault))
