"""Between the wire and every method: who may call, deadline, validation, errors with details, and one log line."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from uuid import uuid4

import grpc
import structlog
from google.protobuf.message import Message
from grpc_status import rpc_status

from campaigns.actor import Actor
from campaigns.callers import access
from campaigns.callers.access import RIGHTS
from campaigns.errors import PermissionDenied
from database.session import Database
from scoring.pool.refusals import Expired
from server.account import Account, Observe
from server.call import Call, answering, arrival, deadline_of
from server.deadlines import SHORTEST_SECONDS
from server.errors import status_of
from server.transactions import record_denial, subject_of
from server.validation import check
from telemetry.tracing import UNTRACED, Tracing

Method = Callable[[Any, grpc.ServicerContext], Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Identify: TypeAlias = Callable[[grpc.ServicerContext], Actor]
"""Tells who calls; raises a refusal for a caller who does not prove it."""

log = structlog.get_logger("server")


class Guard(grpc.ServerInterceptor):
    """Wraps each method once; what is public (health) passes as it is."""

    def __init__(
        self, database: Database, identify: Identify, *, observe: Observe = lambda *_: None,
        tracing: Tracing = UNTRACED,
    ) -> None:  # fmt: skip
        self._database = database
        self._identify = identify
        self._observe = observe
        self._tracing = tracing
        self._wrapped: dict[str, Handler] = {}
        self._open = 0
        self._changed = threading.Condition()

    def settle(self, seconds: float) -> bool:
        """Wait until no call is under way; False when the time is up before."""
        with self._changed:
            return self._changed.wait_for(lambda: self._open == 0, seconds)

    def under_way(self) -> int:
        """Calls whose answer has not left."""
        return self._open

    def _begun(self, context: grpc.ServicerContext) -> None:
        """Count a call until its answer has left, which is later than the method's return."""
        with self._changed:
            self._open += 1
        if not context.add_callback(self._ended):
            self._ended()

    def _ended(self) -> None:
        with self._changed:
            self._open -= 1
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
        if handler is None or RIGHTS[name].public:
            return handler
        self._wrapped[name] = self._wrap(name, handler)
        return self._wrapped[name]

    def _wrap(self, name: str, handler: Handler) -> Handler:
        forms = (handler.request_deserializer, handler.response_serializer)
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(self._guarded(name, handler.unary_unary), *forms)
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(self._streaming(name, handler.unary_stream), *forms)
        if handler.stream_unary is not None:
            return grpc.stream_unary_rpc_method_handler(self._collecting(name, handler.stream_unary), *forms)
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(self._conversing(name, handler.stream_stream), *forms)
        raise NotImplementedError(f"{name} is no method of any kind that gRPC knows")

    def _guarded(self, name: str, method: Method) -> Method:
        def answer(request: Message, context: grpc.ServicerContext) -> Message:
            self._begun(context)
            with self._answering(name, request, context):
                response: Message = method(request, context)
                return response

        return answer

    def _streaming(self, name: str, method: Method) -> Method:
        def answer(request: Message, context: grpc.ServicerContext) -> Iterator[Message]:
            self._begun(context)
            with self._answering(name, request, context):
                yield from method(request, context)

        return answer

    def _collecting(self, name: str, method: Method) -> Method:
        """Who may not ask is not waited for; each request is checked as it comes."""

        def answer(requests: Iterator[Message], context: grpc.ServicerContext) -> Message:
            self._begun(context)
            with self._answering(name, None, context):
                response: Message = method(_checked(requests), context)
                return response

        return answer

    def _conversing(self, name: str, method: Method) -> Method:
        """A conversation (reflection) lasts as long as its caller likes, so nobody waits for its end."""

        def answer(requests: Iterator[Message], context: grpc.ServicerContext) -> Iterator[Message]:
            with self._answering(name, None, context):
                yield from method(requests, context)

        return answer

    @contextmanager
    def _answering(self, name: str, request: Message | None, context: grpc.ServicerContext) -> Iterator[None]:
        """From the first question, who calls, to the line in the log; what goes wrong between is told with details."""
        method, log_id = name.removeprefix("/"), uuid4().hex
        line = log.bind(method=method, log_id=log_id, request_id=getattr(request, "request_id", ""))
        span = self._tracing.begin(method, context.invocation_metadata)
        account = Account(method=method, line=line, observe=self._observe, span=span)
        try:
            actor = self._identify(context)
            account.line = line.bind(actor=str(actor))
            call = Call(
                method=name, actor=actor, now=arrival(), deadline=deadline_of(name, context), log_id=log_id,
                context=context, timings=account.timings, span=span,
            )  # fmt: skip
            with answering(call):
                self._admit(call, request)
                yield
        except Exception as error:  # noqa: BLE001 - the table of errors knows them all
            status = status_of(error, log_id)
            account.close(status, error)
            context.abort_with_status(rpc_status.to_status(status))
        if account.timings.batches:
            context.set_trailing_metadata(account.timings.trailers(log_id))
        account.close()

    def _admit(self, call: Call, request: Message | None) -> None:
        """Who may not ask learns nothing of what is wrong with the request (AIP-211)."""
        if call.remaining() < SHORTEST_SECONDS:
            raise Expired("the deadline had passed when the call arrived")
        right = RIGHTS[call.method]
        try:
            access.check(call.actor, right)
        except PermissionDenied as refusal:
            if right.action:
                record_denial(self._database, call.cause(), subject_of(request, right.action), refusal)
            raise
        if request is not None:
            check(request)


def _checked(requests: Iterator[Message]) -> Iterator[Message]:
    for request in requests:
        check(request)
        yield request
