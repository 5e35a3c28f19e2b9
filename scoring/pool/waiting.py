"""Rows that wait, in the order in which they are due."""

import heapq
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from operator import attrgetter
from typing import Generic

from scoring.pool.deciding import Backlog
from scoring.pool.lane import Lane
from scoring.pool.row import Beside, Request, Row

LANES = tuple(Lane)
NOT_BEHIND = {lane: LANES[: place + 1] for place, lane in enumerate(LANES)}
"""The lane and those that are more urgent."""


class Waiting(Generic[Request, Beside]):
    """First in, first out in each lane; the lanes are merged by rank. Not safe for threads: the pool has the lock."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, OrderedDict[int, Row[Request, Beside]]] = {lane: OrderedDict() for lane in Lane}
        self._keys: dict[Hashable, Row[Request, Beside]] = {}
        self._units = dict.fromkeys(Lane, 0)

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def __iter__(self) -> Iterator[Row[Request, Beside]]:
        """By rank; what is taken out meanwhile must not be."""
        full = [lane.values() for lane in self._lanes.values() if lane]
        return iter(full[0]) if len(full) == 1 else heapq.merge(*full, key=attrgetter("rank"))

    def add(self, row: Row[Request, Beside]) -> None:
        """At the end of its lane."""
        self._lanes[row.lane][id(row)] = row
        self._units[row.lane] += row.size
        if row.key is not None:
            self._keys[row.key] = row

    def equal_to(self, key: Hashable) -> Row[Request, Beside] | None:
        """The row that waits for the same answer."""
        return None if key is None else self._keys.get(key)

    def remove(self, row: Row[Request, Beside]) -> bool:
        """False where it waits no longer."""
        if self._lanes[row.lane].pop(id(row), None) is None:
            return False
        self._units[row.lane] -= row.size
        if row.key is not None and self._keys.get(row.key) is row:
            del self._keys[row.key]
        return True

    def take(self, rows: Sequence[Row[Request, Beside]]) -> None:
        """They wait no longer."""
        for row in rows:
            self.remove(row)

    def ahead_of(self, lane: Lane) -> Backlog:
        """What is done before a newcomer of the lane: its own lane and those that are more urgent."""
        lanes = NOT_BEHIND[lane]
        return Backlog(
            rows=sum(len(self._lanes[each]) for each in lanes), units=sum(self._units[each] for each in lanes)
        )
