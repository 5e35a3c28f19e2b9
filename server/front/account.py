"""What is told of a call when it ends: to the metrics, to its trace, and in one line of the log."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeAlias

import structlog
from google.rpc import code_pb2, status_pb2

from database.failures import failure_of, in_a_line
from server.answering.timings import Timings
from server.wire.errors import reason_of, status_of
from telemetry.tracing import CallSpan

Observe: TypeAlias = Callable[[str, str, float], None]
"""Told of each call that ended: its method, its code, and the seconds that it took."""

log = structlog.get_logger("server")


class Refused(Exception):
    """The call is accounted for; this is what its caller is told."""

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__(status.message)
        self.status = status


@dataclass(slots=True, kw_only=True)
class Account:
    """Kept from a call's arrival on. Around the answer: what goes wrong in it becomes Refused, and all is told."""

    method: str
    """Such as tierwise.v1.ScoringService/Score."""
    log_id: str
    request_id: str
    observe: Observe
    span: CallSpan | None
    """None for a call that is not traced."""
    actor: str = ""
    """Who calls; empty until that is known."""
    timings: Timings = field(default_factory=Timings)
    begun: float = field(default_factory=time.perf_counter)

    def __enter__(self) -> None:
        """Nothing is told yet."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None
    ) -> None:
        """Raises Refused for an exception."""
        if error is None:
            self._close("OK")
        elif isinstance(error, Exception):
            status = status_of(error, self.log_id)
            self._close(code_pb2.Code.Name(status.code), status, error)
            raise Refused(status) from error

    def _close(self, code: str, status: status_pb2.Status | None = None, error: Exception | None = None) -> None:
        seconds = time.perf_counter() - self.begun
        figures = self.timings.figures()
        self.observe(self.method, code, seconds)
        if self.span is not None:
            self.span.end(code, figures)
        also = {"actor": self.actor, "degraded": self.timings.degraded}
        line = log.bind(
            method=self.method, log_id=self.log_id, request_id=self.request_id,
            **{name: word for name, word in also.items() if word}, ms=round(seconds * 1000, 2), **figures,
        )  # fmt: skip
        if status is None:
            line.info("call", code=code)
        elif status.code == code_pb2.INTERNAL:
            line.error("call", code=code, exc_info=error)
        elif error is not None and failure_of(error) is not None:
            # Callers are not told the server's own words, of a full disk say, and whoever runs it needs them.
            line.warning("call", code=code, reason=reason_of(status), why=in_a_line(error))
        else:
            line.info("call", code=code, reason=reason_of(status))
