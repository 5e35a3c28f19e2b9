"""How the pools served one call: for its log line and for the caller, in the trailers."""

from dataclasses import dataclass, field
from typing import Any

from scoring.pool.batch import Batch, Ticket

TRAILERS = {
    "queue_ms": "tierwise-queue-ms",
    "load_ms": "tierwise-load-ms",
    "compute_ms": "tierwise-compute-ms",
    "batch_size": "tierwise-batch-size",
}


@dataclass(slots=True, kw_only=True)
class Timings:
    """Of all its questions, which may have been in several batches."""

    queued: float = 0.0
    """Longest wait of a question, in seconds."""
    model: str = ""
    """Resource name of the one that answered."""
    degraded: str = ""
    """Why the answer, or one of them, is the last stored one; empty where none is."""
    batches: set[Batch] = field(default_factory=set)

    def note(self, ticket: Ticket[Any]) -> None:
        """A question that was answered."""
        if ticket.batch is not None:
            self.batches.add(ticket.batch)
            self.queued = max(self.queued, ticket.waited)

    def figures(self) -> dict[str, float]:
        """Milliseconds, and rows of the largest batch; nothing for a call that no pool served."""
        if not self.batches:
            return {}
        return {
            "queue_ms": _ms(self.queued), "load_ms": _ms(sum(batch.load_seconds for batch in self.batches)),
            "compute_ms": _ms(sum(batch.run_seconds for batch in self.batches)),
            "batch_size": max(batch.size for batch in self.batches),
        }  # fmt: skip

    def trailers(self, log_id: str) -> tuple[tuple[str, str], ...]:
        """For the caller of a call that a pool served."""
        told = ((TRAILERS[name], str(value)) for name, value in self.figures().items())
        return (*told, ("tierwise-model", self.model), ("tierwise-log-id", log_id))


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
