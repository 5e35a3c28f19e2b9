"""The call that is being answered here: who asks, what time it is, and how long there is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc

from campaigns.actor import Actor, Cause
from server.answering.deadlines import default_seconds
from server.answering.hangup import Hangup
from server.answering.timings import Timings
from telemetry.tracing import CallSpan

FOREVER = 10**6
"""Seconds; gRPC reports a deadline that was not set as a very late one."""

ROUNDED_UP = 0.99
"""Of what gRPC says of a deadline of a second or more: it sends the seconds rounded up, by a hundredth at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, as long as it lasts."""

    method: str
    """Such as /tierwise.v1.ScoringService/Score."""
    actor: Actor
    now: datetime
    """When it came; the only clock that it has."""
    deadline: float
    """In the seconds of time.monotonic()."""
    log_id: str
    hangup: Hangup
    expected: float | None = None
    """When its answer was foretold for, as it was let in; None where nothing was foretold."""
    timings: Timings = field(default_factory=Timings)
    span: CallSpan | None = None
    """None for a call that is not traced."""

    def remaining(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    def mark(self) -> object:
        """For a request to a pool, so that its batch knows the call's span."""
        return None if self.span is None else self.span.mark()

    def cause(self, request_id: str = "", reason: str = "") -> Cause:
        """For use cases that change something."""
        return Cause(actor=self.actor, now=self.now, request_id=request_id or None, reason=reason or None)


_CURRENT: ContextVar[Call] = ContextVar("call")


def current() -> Call:
    """The call of this thread, or of this coroutine."""
    return _CURRENT.get()


@contextmanager
def answering(call: Call) -> Iterator[Call]:
    """Make this the call of the thread or of the coroutine."""
    token = _CURRENT.set(call)
    try:
        yield call
    finally:
        _CURRENT.reset(token)


def deadline_of(method: str, context: "grpc.aio.ServicerContext[Any, Any]") -> float:
    """The caller's deadline, never later than the caller's own clock has it; the method's own where there is none."""
    remaining = context.time_remaining()
    if remaining is None or remaining > FOREVER:
        return time.monotonic() + default_seconds(method)
    return time.monotonic() + remaining * (ROUNDED_UP if remaining >= 1 else 1)


def arrival() -> datetime:
    """The present: the door is where time enters."""
    return datetime.now(UTC)
