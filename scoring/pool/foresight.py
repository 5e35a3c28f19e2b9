"""What a pool expects: when arrivals, loading and batches come to their end, learned while they do."""

import math
from collections.abc import Iterable, Sequence
from typing import Generic

from scoring.pool.deciding import units_of
from scoring.pool.lane import LAG
from scoring.pool.lateness import Lateness
from scoring.pool.pace import Pace
from scoring.pool.row import Beside, Request, Row

LONGEST_GAP = 0.1
"""Seconds between two arrivals that count: what is further apart belongs to different bursts."""
SMOOTHING = 0.2
"""Weight of the newest gap, and of the newest loading, in their running means."""
HEAD_START = 2.0
"""Times the usual seconds of loading that loading begins before a replica is free."""


class Foresight(Generic[Request, Beside]):
    """Times are seconds of the pool's clock. Not safe for threads: the queue has the lock."""

    def __init__(self) -> None:
        self.pace, self.lateness, self.gap = Pace(), Lateness(), LONGEST_GAP
        self.ends: dict[object, float] = {}
        """By replica, when the batch under way is likely done."""
        self._last_arrival, self._load_seconds = -math.inf, 0.0

    def arrived(self, now: float) -> None:
        """One more row."""
        self.gap += SMOOTHING * (min(now - self._last_arrival, LONGEST_GAP) - self.gap)
        self._last_arrival = now

    def loaded(self, seconds: float) -> None:
        """That a query took."""
        self._load_seconds += SMOOTHING * (seconds - self._load_seconds)

    def begun(self, replica: object, rows: Sequence[Row[Request, Beside]], now: float) -> None:
        """A batch, of which all who wait for it may know when it is due."""
        self.ends[replica] = end = now + self.pace.of(units_of(rows))
        for row in rows:
            for ticket in row.tickets:
                ticket.due = end

    def computed(self, rows: Sequence[Row[Request, Beside]], seconds: float) -> None:
        """A batch as a whole."""
        self.pace = self.pace.learned(units_of(rows), seconds)

    def over(self, rows: Iterable[Row[Request, Beside]], now: float) -> None:
        """Rows that were answered, or will not be; of those that nobody overtakes the worst counts for all."""
        late = [now - row.expected for row in rows if row.expected is not None and not LAG[row.lane]]
        if late:
            self.lateness = self.lateness.learned(max(late))

    def work_left(self, now: float) -> float:
        """Seconds until the batches under way are done, over all replicas."""
        return sum(max(end - now, 0.0) for end in self.ends.values())

    def overdue(self, now: float, replicas: int) -> float:
        """Seconds for which every replica has owed its answers; 0 where one is free or in time."""
        return 0.0 if len(self.ends) < replicas else max(now - max(self.ends.values()), 0.0)

    def load_by(self) -> float:
        """When loading must begin for the first replica that will be free."""
        return min(self.ends.values()) - HEAD_START * self._load_seconds
