"""What a pool counts, for whoever watches it and for the queue's own foresight. The queue's lock is its lock."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Generic

from scoring.pool.figures import LaneFigures, PoolFigures
from scoring.pool.lane import Lane
from scoring.pool.row import Beside, Request, Row


class Counters(Generic[Request, Beside]):
    """Since the pool was made."""

    def __init__(self) -> None:
        self._by_lane = {lane: Counter[str]() for lane in Lane}
        self._batches = self._rows = self._deaths = 0
        self._sizes = 0.0

    def tally(self, name: str, rows: Iterable[Row[Request, Beside]]) -> None:
        """Rows in their lanes, by a name of `LaneFigures`."""
        for row in rows:
            self._by_lane[row.lane][name] += 1

    def batch(self, rows: Sequence[Row[Request, Beside]]) -> None:
        """One that begins."""
        self._batches += 1
        self._rows += len(rows)
        self._sizes += sum(row.size for row in rows)

    def death(self) -> None:
        """Of a replica."""
        self._deaths += 1

    @property
    def usual_size(self) -> float:
        """Of a row whose size is not known yet."""
        return self._sizes / self._rows if self._sizes else 1.0

    def figures(self, waiting: Iterable[Row[Request, Beside]], *, replicas: int, running: int) -> PoolFigures:
        """A copy, with what holds at this moment."""
        wait = Counter(row.lane for row in waiting)
        lanes = {lane: LaneFigures(**self._by_lane[lane], waiting=wait[lane]) for lane in Lane}
        return PoolFigures(
            lanes=lanes, batches=self._batches, rows=self._rows, deaths=self._deaths, replicas=replicas,
            running=running,
        )  # fmt: skip
