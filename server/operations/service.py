"""google.longrunning.Operations over the rows of bulk work."""

import time

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.empty_pb2 import Empty

from campaigns.actor import Cause
from campaigns.work import jobs
from database.session import Database, Transaction
from database.work import operations
from server.answering import call
from server.answering.transactions import performed, reading
from server.operations.answers import answered
from server.operations.filters import filter_in
from server.wire.names import operation_id
from server.wire.pages import asked, cut
from server.wire.refusals import InvalidRequest
from server.wire.seal import Seal
from server.wire.stamps import instant_key

POLL_SECONDS = 0.2
LONGEST_SECONDS = 60.0
"""That a call waits, whatever its deadline: it holds a thread, which others want."""
ALL = ("", "operations")
"""Names of the collection that ListOperations knows."""


def patience(request: operations_pb2.WaitOperationRequest, remaining: float) -> float:
    """Seconds to wait of those that the caller's deadline leaves."""
    wanted = request.timeout.ToTimedelta().total_seconds() if request.HasField("timeout") else LONGEST_SECONDS
    return min(wanted, remaining / 2, LONGEST_SECONDS)


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
        if request.page_size < 0:
            raise InvalidRequest.of("page_size", "must not be negative")
        page, wanted = asked(self._seal, request), filter_in(request.filter)
        with reading(self._database) as snapshot:
            found = operations.page(snapshot, limit=page.size + 1, after=page.after_instant, **wanted._asdict())
            rows, token = cut(self._seal, page, found, lambda each: (instant_key(each.create_time), each.operation_id))
            messages = [answered(snapshot, operation) for operation in rows]
        return operations_pb2.ListOperationsResponse(operations=messages, next_page_token=token)

    def GetOperation(
        self, request: operations_pb2.GetOperationRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        return self._get(request.name)

    def WaitOperation(
        self, request: operations_pb2.WaitOperationRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        """Answers when the operation is over, or with how far it is when the time is up."""
        until = time.monotonic() + patience(request, call.current().remaining())
        while True:
            operation = self._get(request.name)
            left = until - time.monotonic()
            if operation.done or left <= 0 or call.current().hangup.happened:
                return operation
            time.sleep(min(POLL_SECONDS, left))

    @performed
    def CancelOperation(
        self, request: operations_pb2.CancelOperationRequest, transaction: Transaction, cause: Cause
    ) -> Empty:
        jobs.cancel(transaction, cause, operation_id(request.name))
        return Empty()

    @performed
    def DeleteOperation(
        self, request: operations_pb2.DeleteOperationRequest, transaction: Transaction, cause: Cause
    ) -> Empty:
        jobs.forget(transaction, cause, operation_id(request.name))
        return Empty()

    def _get(self, name: str) -> operations_pb2.Operation:
        with reading(self._database) as snapshot:
            return answered(snapshot, jobs.get(snapshot, operation_id(name)))
