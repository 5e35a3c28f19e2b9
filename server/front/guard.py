"""Between the wire and every method: who may call, deadline, validation, errors with details, and one log line."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, TypeVar
from uuid import uuid4

import grpc
from google.protobuf.message import Message
from grpc_status import rpc_status

from campaigns.actor import Actor
from campaigns.callers import access
from campaigns.callers.access import RIGHTS
from campaigns.callers.refusals import PermissionDenied
from database.session import Database
from scoring.pool.refusals import Expired, Overloaded
from server.access.callers import Callers
from server.access.credentials import Credentials
from server.answering.call import Call, answering, arrival, deadline_of
from server.answering.deadlines import SHORTEST_SECONDS
from server.answering.hangup import Hangup
from server.answering.transactions import record_denial, subject_of
from server.front import single, streams
from server.front.account import Account, Observe, Refused
from server.front.arrival import Arrival
from server.front.methods import Handler
from server.front.streams import Context, Request
from server.front.threads import Threads
from server.wire.errors import status_of
from server.wire.unreadable import Unreadable, sparing
from server.wire.validation import check
from telemetry.tracing import UNTRACED, Tracing

UUID_SYMBOLS = 36
"""Of an id in the log: whoever may not do what they ask for leaves no more of theirs there."""
Method = Callable[[Any, Any], Any]
Admit = Callable[[float], float | None]
Result = TypeVar("Result")


class Guard:
    """Makes of each method what the event loop answers with: a coroutine, which leaves to a thread what would wait.

    Methods are handed the loop's own context, which a thread must not touch: what they may know is in `call.current()`.
    """

    def __init__(
        self, database: Database, callers: Callers, threads: Threads, *, admit: Admit = lambda _: None,
        observe: Observe = lambda *_: None, tracing: Tracing = UNTRACED,
    ) -> None:  # fmt: skip
        """`admit` lets in a call of the loop with this deadline, whoever calls, and foretells when it is answered."""
        self._database, self._callers, self._threads, self._admit = database, callers, threads, admit
        self._observe, self._tracing = observe, tracing
        self._open = self._working = 0
        self._changed = threading.Condition()

    def wrap(self, name: str, handler: Handler) -> Handler:
        """The guarded method; what is public (health) is as it is, once its request has come.

        To gRPC each takes a stream of requests, for of a single one it would wait for ever, with what has come of it.
        """
        forms = (sparing(handler.request_deserializer), handler.response_serializer)
        public = RIGHTS[name].public
        if handler.unary_unary is not None:
            in_loop = asyncio.iscoroutinefunction(handler.unary_unary)
            of_one = self._public if public else self._on_loop if in_loop else self._in_thread
            return grpc.stream_unary_rpc_method_handler(of_one(name, handler.unary_unary), *forms)
        if handler.unary_stream is not None:
            of_many = self._public if public else self._streaming
            return grpc.stream_stream_rpc_method_handler(of_many(name, handler.unary_stream), *forms)
        if handler.stream_unary is not None:
            return grpc.stream_unary_rpc_method_handler(self._collecting(name, handler.stream_unary), *forms)
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(self._conversing(name, handler.stream_stream), *forms)
        raise NotImplementedError(f"{name} is no method of any kind that gRPC knows")

    def settle(self, seconds: float) -> bool:
        """Wait until every answer has left and every thread has ended; False when the time is up before."""
        with self._changed:
            return self._changed.wait_for(lambda: self._open == self._working == 0, seconds)

    def under_way(self) -> int:
        """Calls whose answer has not left."""
        return self._open

    def _on_loop(self, name: str, method: Method) -> Method:
        """A method that waits for nobody but in the loop's way, and so needs no thread to be admitted or refused.

        Under overload most calls are refused, and each delays all others: so before anything else, even before the
        request is received, as a stream of requests would be; and without a line in the log.
        """
        method_name = name.removeprefix("/")

        async def answer(_requests: object, context: Context) -> Message:
            deadline = deadline_of(name, context)
            if deadline <= time.monotonic():
                # Nobody hears an answer any more, and gRPC itself ends the call.
                self._observe(method_name, "DEADLINE_EXCEEDED", 0.0)
                raise asyncio.CancelledError
            try:
                expected = self._admit(deadline)
            except Overloaded as excess:
                self._observe(method_name, "RESOURCE_EXHAUSTED", 0.0)
                await context.abort_with_status(_refusal(str(excess), excess.retry_after))
            self._count(context)
            await self._introduced(name, context)
            request = await self._received(name, context, deadline)
            came = self._arrived(name, request, context, deadline=deadline, expected=expected)
            response: Message = await self._told(came, context, self._awaited(came, partial(method, request, context)))
            return response

        return answer

    async def _introduced(self, name: str, context: Context, executor: Executor | None = None) -> None:
        """Refuses who is nobody known before their request is read: 16 MB took a second of the loop, and a gigabyte.

        Whom the database must be asked about is asked about in the executor.
        """
        try:
            await self._identified(Credentials.of(context), executor)
        except Exception as error:  # noqa: BLE001 - accounted for as any other
            came = self._arrived(name, None, context)
            await self._told(came, context, _failing(came, error))

    async def _received(self, name: str, context: Context, deadline: float) -> Request:
        return await single.received(name.removeprefix("/"), context, deadline, self._observe)

    async def _asked(self, name: str, context: Context) -> Arrival:
        """A call that is answered in a thread, with its request."""
        await self._introduced(name, context, self._threads.of(name))
        request = await self._received(name, context, deadline_of(name, context))
        return self._arrived(name, request, context)

    def _public(self, name: str, method: Method) -> Method:
        async def answer(_requests: object, context: Context) -> Message | None:
            request = await self._received(name, context, deadline_of(name, context))
            if isinstance(request, Unreadable):
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, request.violation().description)
            answered: Message | None = await method(request, context)
            return answered

        return answer

    def _in_thread(self, name: str, method: Method) -> Method:
        async def answer(_requests: object, context: Context) -> Message:
            came = await self._asked(name, context)
            response: Message = await self._told(
                came, context, self._threaded(came, context, partial(method, came.request, context))
            )
            return response

        return answer

    def _streaming(self, name: str, method: Method) -> Method:
        async def answer(_requests: object, context: Context) -> None:
            came = await self._asked(name, context)
            send = streams.sending(context, came)

            def stream() -> None:
                for response in self._believed(came, method(came.request, context)):
                    send(response)

            await self._told(came, context, self._threaded(came, context, stream))

        return answer

    def _collecting(self, name: str, method: Method) -> Method:
        """Who may not ask is not waited for; each request is checked as it comes."""

        async def answer(_requests: object, context: Context) -> Message:
            came = self._arrived(name, None, context)
            requests = self._believed(came, streams.checked(streams.received(context, came)))
            response: Message = await self._told(
                came, context, self._threaded(came, context, partial(method, requests, context))
            )
            return response

        return answer

    def _conversing(self, name: str, method: Method) -> Method:
        """A conversation (reflection) lasts as long as its caller likes, so nobody waits for its end."""

        async def answer(requests: AsyncIterator[Request], context: Context) -> None:
            came = self._arrived(name, None, context)

            async def converse() -> None:
                async for response in method(streams.checked_as_they_come(requests), context):
                    await context.write(response)

            await self._told(came, context, self._awaited(came, converse))

        return answer

    def _arrived(
        self, name: str, request: Request | None, context: Context, *,
        deadline: float | None = None, expected: float | None = None,
    ) -> Arrival:  # fmt: skip
        method, log_id, credentials = name.removeprefix("/"), uuid4().hex, Credentials.of(context)
        account = Account(
            method=method, log_id=log_id, request_id=getattr(request, "request_id", "")[:UUID_SYMBOLS],
            observe=self._observe,
            span=self._tracing.begin(method, lambda: credentials.metadata),
        )  # fmt: skip
        return Arrival(
            method=name, request=request, credentials=credentials, now=arrival(),
            deadline=deadline_of(name, context) if deadline is None else deadline, log_id=log_id, account=account,
            hangup=Hangup(), expected=expected,
        )  # fmt: skip

    def _count(self, context: Context) -> None:
        """Until the answer has left, which is later than the method's return."""
        self._open += 1
        context.add_done_callback(self._left)  # type: ignore[arg-type] # a protocol in all but name

    def _left(self, _context: Context) -> None:
        self._open -= 1
        self._settled()

    def _count_thread(self, working: "asyncio.Future[Any]") -> None:
        """Until it ends, which is later than the answer where the caller has gone."""
        self._working += 1
        working.add_done_callback(self._ended)

    def _ended(self, working: "asyncio.Future[Any]") -> None:
        if not working.cancelled():
            # Told in the call's line of the log; where its caller has gone nobody else asks, and asyncio would tell it.
            working.exception()
        self._working -= 1
        self._settled()

    def _settled(self) -> None:
        if self._open == self._working == 0:
            with self._changed:
                self._changed.notify_all()

    async def _told(self, came: Arrival, context: Context, answer: Awaitable[Result]) -> Result:
        """What the caller is told, with the trailers."""
        try:
            result = await answer
        except Refused as refused:
            await context.abort_with_status(rpc_status.to_status(refused.status))
        if came.account.timings.batches:
            context.set_trailing_metadata(came.account.timings.trailers(came.log_id))
        return result

    async def _awaited(self, came: Arrival, work: Callable[[], Awaitable[Result]]) -> Result:
        with came.account:
            try:
                with self._admitted(came, await self._identified(came.credentials)):
                    return await work()
            except asyncio.CancelledError as gone:
                came.hangup.happen()
                raise came.abandoned() from gone

    async def _threaded(self, came: Arrival, context: Context, work: Callable[[], Result]) -> Result:
        self._count(context)
        working = asyncio.get_running_loop().run_in_executor(self._threads.of(came.method), self._worked, came, work)
        self._count_thread(working)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            came.hangup.happen()
            raise

    def _worked(self, came: Arrival, work: Callable[[], Result]) -> Result:
        """In a thread."""
        with came.account, self._admitted(came, self._callers.identify(came.credentials)):
            try:
                return work()
            except Exception:
                # What it waits for elsewhere nobody will hear.
                came.hangup.happen()
                raise

    async def _identified(self, credentials: Credentials, executor: Executor | None = None) -> Actor:
        actor = self._callers.recognised(credentials)
        if actor is not None:
            return actor
        return await asyncio.get_running_loop().run_in_executor(executor, self._callers.identify, credentials)

    @contextmanager
    def _admitted(self, came: Arrival, actor: Actor) -> Iterator[None]:
        came.account.actor = str(actor)
        with answering(came.call(actor)) as call:
            self._check(call, came.request)
            yield

    def _believed(self, came: Arrival, messages: Iterator[Result]) -> Iterator[Result]:
        """The messages of a stream, in a thread, while its caller may call: it may outlast a key or a token."""
        for message in messages:
            self._ask_again(came)
            yield message
        self._ask_again(came)

    def _ask_again(self, came: Arrival) -> None:
        access.check(self._callers.identify(came.credentials), RIGHTS[came.method])

    def _check(self, call: Call, request: Request | None) -> None:
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


async def _failing(came: Arrival, error: Exception) -> None:
    with came.account:
        raise error


@lru_cache
def _refusal(message: str, retry_after: float) -> grpc.Status:
    return rpc_status.to_status(status_of(Overloaded(message, retry_after=retry_after), ""))
