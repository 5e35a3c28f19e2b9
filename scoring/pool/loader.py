"""The thread that loads what replicas need, for all who wait at the moment."""

from collections.abc import Callable, Sequence

from scoring.pool.queue import Fail, Queue
from scoring.pool.row import Beside, Loaded, Request, Row

Load = Callable[[Sequence[Request], float], Sequence[Loaded[Beside] | Exception]]
"""Fetches for all requests at once, within the seconds (or infinity) that it is given; an exception refuses one."""


def load_all(
    load: "Load[Request, Beside]", queue: Queue[Request, Beside], *, fail: "Fail[Request, Beside]",
    clock: Callable[[], float],
) -> None:  # fmt: skip
    """As soon as there is room, whatever waits, until the queue ends; what fails, fails for all whom it was for."""
    while rows := queue.next_to_load():
        began = clock()
        outcome_of_refused = "answered"
        try:
            outcomes = _loaded(load, rows, began)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers
            outcomes, outcome_of_refused = [error] * len(rows), "failed"
        ended = clock()
        for row, outcome in zip(rows, outcomes, strict=True):
            if not isinstance(outcome, Exception):
                row.loaded, row.load_began, row.load_ended = outcome, began, ended
        queue.take_in([row for row in rows if row.loaded is not None])
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, Exception):
                queue.tally(outcome_of_refused, [row])
                fail([row], outcome)


def _loaded(
    load: "Load[Request, Beside]", rows: Sequence[Row[Request, Beside]], now: float
) -> "Sequence[Loaded[Beside] | Exception]":
    requests = [row.request for row in rows if row.request is not None]
    loaded = load(requests, max(row.deadline for row in rows) - now)
    if len(loaded) != len(rows):
        raise RuntimeError(f"{len(rows)} requests got {len(loaded)} payloads")
    return loaded
