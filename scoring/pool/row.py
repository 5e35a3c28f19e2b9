"""One request on its way through the pool."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from scoring.pool.batch import Ticket
from scoring.pool.lane import LAG, Lane

Request = TypeVar("Request")
Beside = TypeVar("Beside")


class Loaded(NamedTuple, Generic[Beside]):
    """What the replica needs of a request, and what goes back to the caller beside the answer."""

    payload: bytes
    beside: Beside
    size: int = 1
    """Units of work, such as tokens."""


class Told(NamedTuple, Generic[Beside]):
    """The replica's answer."""

    answer: bytes
    beside: Beside


@dataclass(slots=True, kw_only=True, eq=False)
class Row(Generic[Request, Beside]):
    """Who asks, until when, and since when; seconds of the pool's clock."""

    tickets: list[Ticket[Told[Beside]]]
    """Of all who wait for it."""
    arrival: float
    deadline: float
    lane: Lane
    kind: Hashable
    """Only rows of one kind are computed together."""
    key: Hashable = None
    """Equal requests share one row while it waits; None for one that shares with nobody."""
    request: Request | None = None
    loaded: Loaded[Beside] | None = None
    """None until it is."""
    load_began: float | None = None
    load_ended: float = 0.0
    expected: float | None = None
    """When its answer was foretold for, as it was let in; None before, and as long as nothing is known of the pace."""
    deaths: int = 0
    """Of replicas that computed it and nothing else."""

    @property
    def rank(self) -> float:
        """Whoever has the lowest is next."""
        return self.arrival + LAG[self.lane]

    @property
    def size(self) -> int:
        """Units of work; a row that is not loaded counts as one."""
        return 1 if self.loaded is None else self.loaded.size

    def waited(self, released: float) -> float:
        """Seconds in the queue, if its batch left then."""
        loading = 0.0 if self.load_began is None else self.load_ended - self.load_began
        return released - self.arrival - loading
