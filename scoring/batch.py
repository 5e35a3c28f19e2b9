"""How the rows of a pool were served: what a caller, a metric or a trace may know of them afterwards."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

Answer = TypeVar("Answer")

INTERACTIVE = "interactive"


class Release(StrEnum):
    """Why a batch left the queue."""

    FULL = "full"
    """It had as many rows as a batch may have."""
    IDLE = "idle"
    """The network was free, and nobody else waited."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Rows that were loaded and computed together; times are of the pool's clock, in seconds."""

    pool: str
    lane: str = INTERACTIVE
    reason: Release
    waits: tuple[float, ...]
    """Seconds that each row spent in the queue."""
    released: float
    """When it left the queue; parts of a batch that had to be split share it."""
    started: float
    loaded: float
    ended: float
    marks: tuple[object, ...] = ()
    """What callers gave their rows along, for whoever observes; rows without one are left out."""

    @property
    def size(self) -> int:
        """Rows."""
        return len(self.waits)

    @property
    def load_seconds(self) -> float:
        """Of the query."""
        return self.loaded - self.started

    @property
    def run_seconds(self) -> float:
        """Of the forward pass, with all that is done to its rows."""
        return self.ended - self.loaded


Observer: TypeAlias = Callable[[Batch], None]
"""Told of each batch before its callers are; must be quick and must not raise."""


def unobserved(_batch: Batch) -> None:
    """For a pool that nobody watches."""


class Ticket(Future[Answer]):
    """The promise of an answer, which knows how it was served once it is there."""

    def __init__(self, *, arrived: float, mark: object = None) -> None:
        super().__init__()
        self.arrived = arrived
        self.mark = mark
        self.batch: Batch | None = None
        """None until there is an answer."""

    @property
    def waited(self) -> float:
        """Seconds in the queue; 0 until there is an answer."""
        return 0.0 if self.batch is None else self.batch.released - self.arrived
