"""Spans by OpenTelemetry: a call, its wait in the queue, its batch, and what the batch did. Needs the extra `otel`."""

import random
import time
from collections.abc import Mapping
from typing import NamedTuple, Self

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from scoring.pool.batch import Batch
from telemetry.sampling import Metadata, Parent, is_traced, parent_of

SERVICE = "tierwise"
EXPORT_SECONDS = 2.0
"""A collector that is away may hold up the end of the server as long, and loses what it misses."""
FAULTS = frozenset({"INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED", "DATA_LOSS", "UNIMPLEMENTED"})
"""Codes that are a server's fault, by the semantic conventions for gRPC."""


class Mark(NamedTuple):
    """A request of a traced call."""

    span: Span
    asked: float
    """When it came to the pool, in the seconds of time.monotonic()."""


class TracedCall:
    """The span of one call."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def mark(self) -> Mark:
        """For a request of the call to a pool, at this moment."""
        return Mark(self._span, time.monotonic())

    def end(self, code: str, facts: Mapping[str, str | float]) -> None:
        """With the code of its answer."""
        self._span.set_attribute("rpc.response.status_code", code)
        self._span.set_attributes({f"tierwise.{name}": value for name, value in facts.items()})
        if code in FAULTS:
            self._span.set_status(Status(StatusCode.ERROR, code))
        self._span.end()


class Spans:
    """Makes spans of sampled calls; whether one is sampled is decided before anything else is done."""

    def __init__(self, processor: SpanProcessor, *, share: float) -> None:
        """`share` of the calls whose callers did not decide."""
        self._share = share
        self._provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(SERVICE)

    @classmethod
    def to(cls, endpoint: str, *, share: float) -> Self:
        """To a collector, by OTLP over gRPC: http://host:port in the clear, https://host:port over TLS."""
        return cls(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_SECONDS)), share=share)

    def begin(self, method: str, metadata: Metadata) -> TracedCall | None:
        """None for a call that is not sampled."""
        parent = parent_of(metadata())
        if not is_traced(parent, share=self._share, draw=random.random()):
            return None
        context = None if parent is None else set_span_in_context(NonRecordingSpan(_context(parent)))
        attributes = {"rpc.system.name": "grpc", "rpc.method": method}
        return TracedCall(self._tracer.start_span(method, context, SpanKind.SERVER, attributes))

    def served(self, batch: Batch) -> None:
        """One span for the batch, below the first of its traced calls and linked to all of them."""
        marks = _first_of_each([mark for mark in batch.marks if isinstance(mark, Mark)])
        if not marks:
            return
        for mark in marks:
            self._span("queue", mark.span, mark.asked, batch.released)
        links = [Link(mark.span.get_span_context()) for mark in marks]
        facts: dict[str, str | int] = {
            "tierwise.pool": batch.pool, "tierwise.lane": batch.lane, "tierwise.batch_size": batch.size,
            "tierwise.release": batch.reason.value,
        }  # fmt: skip
        whole = self._span("batch", marks[0].span, batch.started, batch.ended, links=links, facts=facts)
        self._span("database load", whole, batch.started, batch.loaded)
        self._span("network", whole, batch.released, batch.ended)

    def close(self) -> None:
        """Hand over what is left."""
        self._provider.shutdown()

    def _span(
        self, name: str, above: Span, begun: float, ended: float, *, links: list[Link] | None = None,
        facts: Mapping[str, str | int] | None = None,
    ) -> Span:  # fmt: skip
        """A span that is over."""
        span = self._tracer.start_span(
            name, set_span_in_context(above), links=links, attributes=facts, start_time=_wall(begun)
        )
        span.end(_wall(ended))
        return span


def _first_of_each(marks: list[Mark]) -> list[Mark]:
    """Of each call its earliest request, so that a call of hundreds has one span."""
    earliest: dict[int, Mark] = {}
    for mark in sorted(marks, key=lambda each: each.asked):
        earliest.setdefault(mark.span.get_span_context().span_id, mark)
    return list(earliest.values())


def _context(parent: Parent) -> SpanContext:
    return SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _wall(monotonic: float) -> int:
    """Nanoseconds since the epoch of a time of time.monotonic()."""
    return time.time_ns() - round((time.monotonic() - monotonic) * 1e9)
