"""What is told of a call when it ends: to the metrics, to its trace, and in one line of the log."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from google.rpc import code_pb2, status_pb2
from structlog.typing import FilteringBoundLogger

from server.errors import reason_of
from server.timings import Timings
from telemetry.tracing import CallSpan

Observe: TypeAlias = Callable[[str, str, float], None]
"""Told of each call that ended: its method, its code, and the seconds that it took."""


@dataclass(slots=True, kw_only=True)
class Account:
    """Kept from a call's arrival on."""

    method: str
    """Such as tierwise.v1.ScoringService/Score."""
    line: FilteringBoundLogger
    observe: Observe
    span: CallSpan | None
    """None for a call that is not traced."""
    timings: Timings = field(default_factory=Timings)
    begun: float = field(default_factory=time.perf_counter)

    def close(self, status: status_pb2.Status | None = None, error: Exception | None = None) -> None:
        """With what the caller is told; None for an answer."""
        seconds = time.perf_counter() - self.begun
        code = "OK" if status is None else code_pb2.Code.Name(status.code)
        figures = self.timings.figures()
        self.observe(self.method, code, seconds)
        if self.span is not None:
            self.span.end(code, figures)
        line = self.line.bind(ms=round(seconds * 1000, 2), **figures)
        if status is None:
            line.info("call", code=code)
        elif status.code == code_pb2.INTERNAL:
            line.error("call", code=code, exc_info=error)
        else:
            line.info("call", code=code, reason=reason_of(status))
