"""An open loop: requests come at random moments at a mean rate, whether or not the ones before are answered."""

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import grpc
from google.protobuf.message import Message

SEED = 7
WARM_SECONDS = 1.0
"""Answers of the beginning do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What became of the requests of an open loop."""

    offered: float
    """Requests a second."""
    good: float
    """Of these, answered within the deadline."""
    p50_ms: float
    p99_ms: float
    """Of the answers."""
    refused: int
    refusal_p99_ms: float
    """From request to refusal; 0 where none was refused."""
    late: int
    """The deadline passed before an answer or a refusal came."""
    failed: int
    """Anything else."""


@dataclass(slots=True)
class _Seen:
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    late: int = 0
    failed: int = 0


def open_loop(
    address: str, method: str, requests: Callable[[int], Message], *, rate: float, seconds: float, deadline: float
) -> Stream:  # fmt: skip
    """Send `rate` requests a second by a Poisson process, each with so many seconds to be answered."""
    return asyncio.run(_drive(address, method, requests, rate, seconds, deadline))


async def _drive(
    address: str, method: str, requests: Callable[[int], Message], rate: float, seconds: float, deadline: float
) -> Stream:  # fmt: skip
    seen, dice = _Seen(), random.Random(SEED)
    async with grpc.aio.insecure_channel(address) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[Message, bytes] = channel.unary_unary(
            method, request_serializer=lambda message: message.SerializeToString()
        )
        under_way: set[asyncio.Task[None]] = set()
        began = due = time.perf_counter()
        number = 0
        while due < began + WARM_SECONDS + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            counts = _Seen() if due < began + WARM_SECONDS else seen
            task = asyncio.create_task(_ask(call, requests(number), due, deadline, counts))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            due, number = due + dice.expovariate(rate), number + 1
        await asyncio.gather(*under_way)
    return _stream(seen, seconds, deadline)


async def _ask(
    call: "grpc.aio.UnaryUnaryMultiCallable[Message, bytes]", request: Message, due: float, deadline: float, seen: _Seen
) -> None:  # fmt: skip
    """Timed from when the request was due, so that a sender who falls behind hides nothing."""
    try:
        await call(request, timeout=deadline)
        seen.answered.append(time.perf_counter() - due)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
            seen.refused.append(time.perf_counter() - due)
        elif error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            seen.late += 1
        else:
            seen.failed += 1


def _stream(seen: _Seen, seconds: float, deadline: float) -> Stream:
    offered = len(seen.answered) + len(seen.refused) + seen.late + seen.failed
    return Stream(
        offered=offered / seconds, good=sum(taken <= deadline for taken in seen.answered) / seconds,
        p50_ms=1000 * statistics.median(seen.answered or [0.0]), p99_ms=_p99_ms(seen.answered),
        refused=len(seen.refused), refusal_p99_ms=_p99_ms(seen.refused), late=seen.late, failed=seen.failed,
    )  # fmt: skip


def _p99_ms(seconds: Sequence[float]) -> float:
    return 1000 * sorted(seconds)[int(0.99 * (len(seconds) - 1))] if seconds else 0.0
