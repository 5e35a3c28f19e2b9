"""What a server needs of a tracer, and the one that traces nothing."""

import importlib
import re
from collections.abc import Mapping
from typing import Protocol

from scoring.pool.batch import Batch
from telemetry.sampling import Metadata

ENDPOINT = re.compile(r"https?://[^/]+:\d+/?")


class EndpointRefused(ValueError):
    """The collector's address means nothing, or OpenTelemetry is not installed."""


class CallSpan(Protocol):
    """A call that is traced."""

    def mark(self) -> object:
        """For a request of the call to a pool, at this moment."""

    def end(self, code: str, facts: Mapping[str, str | float]) -> None:
        """With the code of its answer."""


class Tracing(Protocol):
    """Whoever makes spans of calls and batches."""

    def begin(self, method: str, metadata: Metadata) -> CallSpan | None:
        """None for a call that is not traced."""

    def served(self, batch: Batch) -> None:
        """A batch, of which the marked requests are traced."""

    def close(self) -> None:
        """Hand over what is left."""


class Untraced:
    """Costs nothing."""

    def begin(self, method: str, metadata: Metadata) -> None:  # noqa: ARG002 - as any tracing is asked
        """Nothing is traced."""
        return

    def served(self, batch: Batch) -> None:
        """There is nothing to tell."""

    def close(self) -> None:
        """There is nothing left."""


UNTRACED: Tracing = Untraced()


def tracing_to(endpoint: str | None, *, share: float) -> Tracing:
    """To that collector; nothing is traced without one. Raises EndpointRefused."""
    if endpoint is None:
        return UNTRACED
    if not ENDPOINT.fullmatch(endpoint):
        raise EndpointRefused(f"TIERWISE_TRACE_ENDPOINT: {endpoint!r} is not http://host:port or https://host:port")
    try:
        spans = importlib.import_module("telemetry.spans")
    except ModuleNotFoundError as error:
        message = "TIERWISE_TRACE_ENDPOINT needs OpenTelemetry: pip install 'tierwise[otel]'"
        raise EndpointRefused(message) from error
    tracing: Tracing = spans.Spans.to(endpoint, share=share)
    return tracing
