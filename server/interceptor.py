"""Between the wire and every method: deadline, validation, errors with details, and one log line."""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import uuid4

import grpc
import structlog
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from scoring.pool import Expired
from server.call import Call, actor_of, answering, arrival, deadline_of
from server.deadlines import SHORTEST_SECONDS
from server.errors import reason_of, status_of
from server.validation import check

Method = Callable[[Any, grpc.ServicerContext], Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
UNLOGGED = ("/grpc.health.v1.",)
"""Asked all day long by machines."""

log = structlog.get_logger("server")


class Guard(grpc.ServerInterceptor):
    """Wraps unary methods once each; streams (health watch, reflection) carry no requests of ours."""

    def __init__(self) -> None:
        self._wrapped: dict[str, Handler] = {}
        self._under_way = 0
        self._changed = threading.Condition()

    def settle(self, seconds: float) -> bool:
        """Wait until no unary call is under way; False when the time is up before."""
        with self._changed:
            return self._changed.wait_for(lambda: self._under_way == 0, seconds)

    def _begun(self, context: grpc.ServicerContext) -> None:
        """Count a call until its answer has left, which is later than the method's return."""
        with self._changed:
            self._under_way += 1
        if not context.add_callback(self._ended):
            self._ended()

    def _ended(self) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def intercept_service(
        self,
        continuation: "Callable[[grpc.HandlerCallDetails], Handler | None]",
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        """The guarded method."""
        name = handler_call_details.method
        if name in self._wrapped:
            return self._wrapped[name]
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        self._wrapped[name] = grpc.unary_unary_rpc_method_handler(
            self._guarded(name, handler.unary_unary), handler.request_deserializer, handler.response_serializer
        )
        return self._wrapped[name]

    def _guarded(self, name: str, method: Method) -> Method:
        def answer(request: Message, context: grpc.ServicerContext) -> Message:
            started, log_id = time.perf_counter(), uuid4().hex
            self._begun(context)
            try:
                response = _answer(name, log_id, method, request, context)
            except Exception as error:  # noqa: BLE001 - the table of errors knows them all
                status = status_of(error, log_id)
                _log(name, log_id, request, started, status, error)
                context.abort_with_status(rpc_status.to_status(status))
            _log(name, log_id, request, started, None, None)
            return response

        return answer


def _answer(name: str, log_id: str, method: Method, request: Message, context: grpc.ServicerContext) -> Message:
    call = Call(
        method=name, actor=actor_of(context), now=arrival(), deadline=deadline_of(name, context), log_id=log_id,
        context=context,
    )  # fmt: skip
    if call.remaining() < SHORTEST_SECONDS:
        raise Expired("the deadline had passed when the call arrived")
    check(request)
    with answering(call):
        response: Message = method(request, context)
        return response


def _log(
    name: str, log_id: str, request: Message, started: float, status: status_pb2.Status | None, error: Exception | None
) -> None:
    if name.startswith(UNLOGGED):
        return
    line = log.bind(
        method=name.removeprefix("/"), ms=round((time.perf_counter() - started) * 1000, 2), log_id=log_id,
        request_id=getattr(request, "request_id", ""),
    )  # fmt: skip
    if status is None:
        line.info("call", code="OK")
    elif status.code == code_pb2.INTERNAL:
        line.error("call", code="INTERNAL", exc_info=error)
    else:
        line.info("call", code=code_pb2.Code.Name(status.code), reason=reason_of(status))
