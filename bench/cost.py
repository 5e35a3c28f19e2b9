"""What answers took: of our server, of others, of a network alone."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

UNITS = {"rate": "answers/s", "p50": "ms", "p99": "ms", "processor": "ms/answer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What answers took, measured by their callers and by the processor; milliseconds."""

    rate: float
    """Answers a second."""
    p50: float = 0.0
    p99: float = 0.0
    processor: float = 0.0
    """Of the server, an answer."""
    database: float = 0.0
    """Of PostgreSQL, an answer."""

    @classmethod
    def median(cls, costs: Sequence[Self]) -> Self:
        """Of each measurement on its own."""
        return cls(**{each.name: statistics.median(getattr(cost, each.name) for cost in costs) for each in fields(cls)})
