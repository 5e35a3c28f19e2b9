"""Streams between the event loop, which speaks to the caller, and the thread that answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import Message

from server.answering.hangup import Hangup
from server.wire.refusals import CallerGone
from server.wire.unreadable import Unreadable
from server.wire.validation import check

Request: TypeAlias = Message | Unreadable
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

GONE = "the call was cancelled"


def sending(context: Context, hangup: Hangup) -> Callable[[Message], None]:
    """For a thread: sends one message, and waits until it has left. Raises CallerGone."""
    loop = asyncio.get_running_loop()

    async def send(message: Message) -> None:
        if hangup.happened:
            raise CallerGone(GONE)
        try:
            await context.write(message)
        except grpc.aio.BaseError as error:
            raise CallerGone(GONE) from error

    return lambda message: asyncio.run_coroutine_threadsafe(send(message), loop).result()


def received(context: Context, hangup: Hangup) -> Iterator[Message]:
    """For a thread: the messages as they come. Raises CallerGone where the caller does not say that it was the last."""
    loop = asyncio.get_running_loop()

    async def read() -> Message | None:
        message: Any = grpc.aio.EOF if hangup.happened else await context.read()
        if hangup.happened:
            raise CallerGone(GONE)
        return None if message is grpc.aio.EOF else message

    def messages() -> Iterator[Message]:
        while (message := asyncio.run_coroutine_threadsafe(read(), loop).result()) is not None:
            yield message

    return messages()


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
