"""How rows of a pool were served: what a caller, a metric or a trace may know of them afterwards."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

from scoring.pool.lane import Lane

Answer = TypeVar("Answer")


class Release(StrEnum):
    """Why a batch begins as it is."""

    FULL = "full"
    """It has as many rows as a batch may have."""
    IDLE = "idle"
    """A replica is free, and nothing is won by waiting for more."""
    DEADLINE = "deadline"
    """Waiting would be worth it, but a row would be late."""
    HELD = "held"
    """It waited for more, and nothing came in time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Rows that were computed together; times are of the pool's clock, in seconds."""

    pool: str
    lanes: tuple[Lane, ...]
    """Of each row."""
    reason: Release
    waits: tuple[float, ...]
    """Seconds that each row spent in the queue, before it was loaded and afterwards."""
    started: float
    """When the query for the row that was loaded last began; `released` where nothing is loaded."""
    loaded: float
    """When that query was answered."""
    released: float
    """When the batch left the queue."""
    ended: float
    kind: Hashable = None
    """Of all its rows."""
    marks: tuple[object, ...] = ()
    """What callers gave their rows along, for whoever observes; rows without one are left out."""

    @property
    def size(self) -> int:
        """Rows."""
        return len(self.waits)

    @property
    def lane(self) -> Lane:
        """The most urgent one."""
        return min(self.lanes, key=list(Lane).index)

    @property
    def load_seconds(self) -> float:
        """Of the query."""
        return self.loaded - self.started

    @property
    def run_seconds(self) -> float:
        """Of the forward pass, with all that is done to its rows."""
        return self.ended - self.released


Observer: TypeAlias = Callable[[Batch], None]
"""Told of each batch before its callers are; must be quick and must not raise."""


def unobserved(_batch: Batch) -> None:
    """For a pool that nobody watches."""


class Ticket(Future[Answer]):
    """The promise of an answer, which knows how it was served once it is there."""

    def __init__(self, *, arrived: float, mark: object) -> None:
        super().__init__()
        self.arrived = arrived
        self.mark = mark
        self.due: float | None = None
        """When the batch that it is in should be over, in the seconds of the pool's clock; None before it is in one."""
        self.batch: Batch | None = None
        """None until there is an answer."""
        self.waited = 0.0
        """Seconds in the queue; 0 until there is an answer."""
