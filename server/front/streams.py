"""Streams between the event loop, which speaks to the caller, and the thread that answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeAlias, TypeVar

import grpc
from google.protobuf.message import Message

from scoring.pool.refusals import Expired
from server.front.arrival import Arrival
from server.wire.refusals import CallerGone, StreamStalled
from server.wire.unreadable import Unreadable
from server.wire.validation import check

Request: TypeAlias = Message | Unreadable
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

Done = TypeVar("Done")

GONE = "the call was cancelled"
STALLED_SECONDS = 30.0
"""Without a message a caller has a thread for so long, whatever the deadline."""


def sending(context: Context, came: Arrival) -> Callable[[Message], None]:
    """For a thread: sends one message, and waits until it has left. Raises CallerGone, StreamStalled, Expired."""
    loop = asyncio.get_running_loop()

    async def send(message: Message) -> None:
        if came.hangup.happened:
            raise CallerGone(GONE)
        try:
            await _in_time(context.write(message), came, "took no message")
        except grpc.aio.BaseError as error:
            raise CallerGone(GONE) from error

    return lambda message: asyncio.run_coroutine_threadsafe(send(message), loop).result()


def received(context: Context, came: Arrival) -> Iterator[Message]:
    """For a thread: the messages as they come. Raises CallerGone where the caller does not say that it was the last.

    Raises StreamStalled and Expired as well.
    """
    loop = asyncio.get_running_loop()

    async def read() -> Message | None:
        gone = came.hangup.happened
        message: Any = grpc.aio.EOF if gone else await _in_time(context.read(), came, "sent no message, nor the end,")
        if came.hangup.happened:
            raise CallerGone(GONE)
        return None if message is grpc.aio.EOF else message

    def messages() -> Iterator[Message]:
        while (message := asyncio.run_coroutine_threadsafe(read(), loop).result()) is not None:
            yield message

    return messages()


async def _in_time(step: Awaitable[Done], came: Arrival, failing: str) -> Done:
    """Deadlines that the caller did not set, gRPC does not watch."""
    left = came.deadline - time.monotonic()
    try:
        async with asyncio.timeout(min(left, STALLED_SECONDS)):
            return await step
    except TimeoutError as late:
        if left <= STALLED_SECONDS:
            raise Expired("the deadline passed before the stream was at its end") from late
        raise StreamStalled(f"the caller {failing} for {STALLED_SECONDS:g} s: begin again") from late


def checked(requests: Iterator[Request]) -> Iterator[Request]:
    """The requests, each checked as it comes. Raises InvalidRequest."""
    for request in requests:
        check(request)
        yield request


async def checked_as_they_come(requests: AsyncIterator[Request]) -> AsyncIterator[Request]:
    """The same in the loop."""
    async for request in requests:
        check(request)
        yield request
