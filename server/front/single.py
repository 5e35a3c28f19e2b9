"""The one request of a call, which gRPC brings as a stream: of a single one it would wait for ever."""

import asyncio
import time

import grpc
from google.protobuf.message import Message

from server.front import streams
from server.front.account import Observe
from server.front.streams import Context, Request
from server.wire.unreadable import Unreadable


async def received(method: str, context: Context, deadline: float, observe: Observe) -> Request:
    """The request; who leaves before it has come is told of as well, and nobody is waited for without end."""
    try:
        async with asyncio.timeout(streams.STALLED_SECONDS):
            request = await context.read()
        if request is grpc.aio.EOF:
            await context.abort(grpc.StatusCode.INTERNAL, "the request is missing")
        assert isinstance(request, Message | Unreadable)
    except grpc.aio.AbortError:
        observe(method, "INTERNAL", 0.0)
        raise
    except TimeoutError:
        observe(method, "ABORTED", 0.0)
        late = f"the request did not come within {streams.STALLED_SECONDS:g} s"
        await context.abort(grpc.StatusCode.ABORTED, late)
    except (asyncio.CancelledError, grpc.aio.InternalError) as gone:
        # Of a caller who has left gRPC may say first that the request is missing, and then that nobody hears it.
        observe(method, "DEADLINE_EXCEEDED" if deadline <= time.monotonic() else "CANCELLED", 0.0)
        raise asyncio.CancelledError from gone
    return request
