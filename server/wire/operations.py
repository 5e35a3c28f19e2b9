"""Bulk work as google.longrunning operations."""

from collections.abc import Mapping
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
from database.work import operations
from database.work.operations import Operation
from server.wire.errors import told
from server.wire.faults import fault_message, parameters
from server.wire.names import CAMPAIGN, MODEL, SEGMENT, TIER_SCHEME
from server.wire.stamps import stamp


class Kind(NamedTuple):
    """What the metadata of a kind of work are, and which of its fields names what it is done to."""

    metadata: type[Message]
    subject: Mapping[str, str]
    """Field of the metadata to prefix of the resource name."""


KINDS: Mapping[str, Kind] = {
    operations.SCORE_ALL_CUSTOMERS: Kind(scoring_service_pb2.ScoreAllCustomersMetadata, {}),
    operations.LAUNCH_CAMPAIGN: Kind(campaign_service_pb2.LaunchCampaignMetadata, {"campaign": CAMPAIGN}),
    operations.RECONCILE_LEDGERS: Kind(budget_service_pb2.ReconcileLedgersMetadata, {}),
    operations.VERIFY_AUDIT: Kind(audit_service_pb2.VerifyAuditMetadata, {}),
    operations.ERASE_CUSTOMER: Kind(customer_service_pb2.DeleteCustomerMetadata, {}),
    operations.BUILD_SEGMENT: Kind(segment_service_pb2.BuildSegmentMetadata, {"segment": SEGMENT}),
    operations.HAND_OVER_COUPONS: Kind(coupon_service_pb2.HandOverCouponsMetadata, {"campaign": CAMPAIGN}),
    operations.SEND_TEST_MESSAGE: Kind(coupon_service_pb2.SendTestMessageMetadata, {"campaign": CAMPAIGN}),
    operations.EXPECT_UPLIFTS: Kind(campaign_service_pb2.ExpectUpliftsMetadata, {"campaign": CAMPAIGN}),
    operations.JUDGE_MODEL: Kind(scoring_service_pb2.JudgeModelMetadata, {"model": MODEL}),
    operations.RETRAIN_MODEL: Kind(scoring_service_pb2.RetrainModelMetadata, {}),
    operations.PREVIEW_MODEL: Kind(scoring_service_pb2.PreviewModelMetadata, {"model": MODEL}),
    operations.PREVIEW_TIERS: Kind(
        tier_service_pb2.KeepTierPreviewMetadata, {"tier_scheme": TIER_SCHEME, "model": MODEL}
    ),
}


def operation_message(operation: Operation, made: Message | None = None) -> operations_pb2.Operation:
    """For the wire; one that succeeded answers with what it `made`."""
    message = operations_pb2.Operation(name=operation.name, done=operation.done)
    message.metadata.Pack(_metadata(operation))
    if made is not None:
        message.response.Pack(made)
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


def _error(operation: Operation) -> status_pb2.Status:
    """How it ended; what broke inside in other words than ours stands in the log, not on the wire."""
    if operation.state == operations.CANCELLED:
        return status_pb2.Status(code=code_pb2.CANCELLED, message="cancelled on request")
    fault = Fault.read(operation.error or "it failed", operation.why)
    said = f"{operation.name} failed: {fault.sentence()}"
    return told(code_pb2.INTERNAL, fault.code, said, parameters(fault))
