"""google.longrunning.Operations over the rows of bulk work."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from tierwise.v1 import segment_pb2

from campaigns import jobs
from campaigns.actor import Cause
from campaigns.audiences import segments
from campaigns.errors import SegmentNotFound
from campaigns.life import launch
from campaigns.tiers import previewing
from database.session import Database, Snapshot, Transaction
from database.work import operations
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
from server import call
from server.audit_messages import verified_message
from server.budget_messages import reconciled_message
from server.campaign_messages import campaign_message
from server.coupon_messages import handed_over_message
from server.operation_messages import operation_id, operation_message
from server.pages import asked, cut
from server.refusals import InvalidRequest
from server.seal import Seal
from server.segment_messages import segment_message
from server.stamps import instant_key, key_instant
from server.tier_preview_messages import preview_message
from server.transactions import perform, reading

POLL_SECONDS = 0.2
ALL = ("", "operations")
"""Names of the collection that ListOperations knows."""
ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], Message]] = MappingProxyType(
    {
        RECONCILE_LEDGERS: reconciled_message,
        VERIFY_AUDIT: verified_message,
        ERASE_CUSTOMER: lambda _: Empty(),
        HAND_OVER_COUPONS: handed_over_message,
    }
)
"""Work whose response row is all that there is to answer."""


class OperationsService(operations_pb2_grpc.OperationsServicer):
    """The stock service; its messages carry no rules, so names are checked by looking them up."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    def ListOperations(
        self, request: operations_pb2.ListOperationsRequest, context: grpc.ServicerContext
    ) -> operations_pb2.ListOperationsResponse:
        if request.name not in ALL:
            raise InvalidRequest.of("name", "must be empty or `operations`")
        if request.filter:
            raise InvalidRequest.of("filter", "is not offered; leave it empty")
        if request.page_size < 0:
            raise InvalidRequest.of("page_size", "must not be negative")
        page = asked(self._seal, request)
        after = None if page.after is None else (key_instant(page.after[0]), page.after[1])
        with reading(self._database) as snapshot:
            found = operations.page(snapshot, limit=page.size + 1, after=after)
            rows, token = cut(self._seal, page, found, lambda each: (instant_key(each.create_time), each.operation_id))
            messages = [_message(snapshot, operation) for operation in rows]
        return operations_pb2.ListOperationsResponse(operations=messages, next_page_token=token)

    def GetOperation(
        self, request: operations_pb2.GetOperationRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        return self._get(request.name)

    def WaitOperation(
        self, request: operations_pb2.WaitOperationRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        """Answers when the operation is over, or with how far it is when the time is up."""
        patience = call.current().remaining() / 2
        if request.HasField("timeout"):
            patience = min(patience, request.timeout.ToTimedelta().total_seconds())
        until = time.monotonic() + patience
        while True:
            operation = self._get(request.name)
            left = until - time.monotonic()
            if operation.done or left <= 0 or call.current().hangup.happened:
                return operation
            time.sleep(min(POLL_SECONDS, left))

    def CancelOperation(self, request: operations_pb2.CancelOperationRequest, context: grpc.ServicerContext) -> Empty:
        def effect(transaction: Transaction, cause: Cause) -> Empty:
            jobs.cancel(transaction, cause, operation_id(request.name))
            return Empty()

        return perform(self._database, request, Empty, effect, subject=request.name)

    def DeleteOperation(self, request: operations_pb2.DeleteOperationRequest, context: grpc.ServicerContext) -> Empty:
        def effect(transaction: Transaction, cause: Cause) -> Empty:
            jobs.forget(transaction, cause, operation_id(request.name))
            return Empty()

        return perform(self._database, request, Empty, effect, subject=request.name)

    def _get(self, name: str) -> operations_pb2.Operation:
        with reading(self._database) as snapshot:
            return _message(snapshot, jobs.get(snapshot, operation_id(name)))


def _message(snapshot: Snapshot, operation: Operation) -> operations_pb2.Operation:
    return operation_message(operation, _made(snapshot, operation) if operation.state == SUCCEEDED else None)


def _made(snapshot: Snapshot, operation: Operation) -> Message | None:
    """What came of it; the campaign or the segment as it stands, and only its name if it was deleted since."""
    if operation.kind == LAUNCH_CAMPAIGN:
        return campaign_message(launch.get(snapshot, operation.request["campaign_id"]))
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
