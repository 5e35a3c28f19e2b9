"""A closed loop of callers: each sends its next request when the last one is answered."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc
from google.protobuf.message import Message

WARM_SECONDS = 0.5
CALL_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a closed loop saw."""

    rate: float
    """Answers per second."""
    p50_ms: float
    p95_ms: float
    p99_ms: float
    answers: int
    """Over all the time, warm-up included: what the server's processor time was spent on."""
    errors: int
    """Calls that ended without an answer."""


class NoAnswer(RuntimeError):
    """Not one call was answered in time."""


def closed_loop(address: str, method: str, requests: Callable[[int], Message], *, callers: int, seconds: float) -> Load:
    """Keep `callers` calls of `method` ("/package.Service/Method") in flight for `seconds`, after a short warm-up.

    Raises NoAnswer.
    """
    return asyncio.run(_drive(address, method, requests, callers, seconds))


async def _drive(address: str, method: str, requests: Callable[[int], Message], callers: int, seconds: float) -> Load:
    latencies: list[float] = []
    answers, errors = 0, 0
    began = time.perf_counter() + WARM_SECONDS
    end = began + seconds

    async with grpc.aio.insecure_channel(address) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[Message, bytes] = channel.unary_unary(
            method, request_serializer=lambda message: message.SerializeToString()
        )

        async def caller(first: int) -> None:
            nonlocal answers, errors
            number = first
            while (sent := time.perf_counter()) < end:
                try:
                    await call(requests(number), timeout=CALL_SECONDS)
                    answers += 1
                    answered = time.perf_counter()
                    if sent >= began and answered <= end:
                        latencies.append(answered - sent)
                except grpc.RpcError:
                    errors += 1
                number += callers

        await asyncio.gather(*(caller(first) for first in range(callers)))
    if not latencies:
        raise NoAnswer(f"{method} at {address}: {errors} calls failed and none was answered within {seconds:g} s")
    ordered = sorted(latencies)
    return Load(
        rate=len(ordered) / seconds,
        p50_ms=1000 * statistics.median(ordered),
        p95_ms=1000 * ordered[int(0.95 * (len(ordered) - 1))],
        p99_ms=1000 * ordered[int(0.99 * (len(ordered) - 1))],
        answers=answers,
        errors=errors,
    )
