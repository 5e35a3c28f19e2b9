"""The thread that loads what replicas need, for all who wait at the moment."""

from collections.abc import Callable, Sequence
from typing import Generic

from scoring.pool.queue import Fail, Queue
from scoring.pool.row import Beside, Loaded, Request, Row

Load = Callable[[Sequence[Request], float], Sequence[Loaded[Beside] | Exception]]
"""Fetches for all requests at once, within the seconds (or infinity) that it is given; an exception refuses one."""


class Loader(Generic[Request, Beside]):
    """Loads until the queue ends. What fails, fails for all whom it was for, and is not repeated."""

    def __init__(
        self, load: "Load[Request, Beside]", queue: Queue[Request, Beside], *, fail: "Fail[Request, Beside]",
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._load, self._queue, self._fail, self._clock = load, queue, fail, clock

    def run(self) -> None:
        """As soon as there is room, whatever waits."""
        while rows := self._queue.next_to_load():
            began = self._clock()
            outcome_of_refused = "answered"
            try:
                outcomes = self._loaded(rows)
            except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers
                outcomes, outcome_of_refused = [error] * len(rows), "failed"
            ended = self._clock()
            for row, outcome in zip(rows, outcomes, strict=True):
                if not isinstance(outcome, Exception):
                    row.loaded, row.load_began, row.load_ended = outcome, began, ended
            self._queue.take_in([row for row in rows if row.loaded is not None])
            for row, outcome in zip(rows, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    self._queue.tally(outcome_of_refused, [row])
                    self._fail([row], outcome)

    def _loaded(self, rows: Sequence[Row[Request, Beside]]) -> "Sequence[Loaded[Beside] | Exception]":
        requests = [row.request for row in rows if row.request is not None]
        loaded = self._load(requests, max(row.deadline for row in rows) - self._clock())
        if len(loaded) != len(rows):
            raise RuntimeError(f"{len(rows)} requests got {len(loaded)} payloads")
        return loaded
