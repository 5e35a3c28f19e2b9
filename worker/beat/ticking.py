"""A task each minute for what is due, paced by a clock that nobody sets: a wall clock that goes back stops no tick."""

import logging
from collections.abc import Callable
from threading import Event

from worker.beat.outages import PacedOutage

log = logging.getLogger(__name__)


def run(tick: Callable[[], object], stop: Event, *, seconds: float) -> None:
    """Now, and each so many seconds until told to stop."""
    outage = PacedOutage(log, "clock: no tick reaches the broker", pause=seconds, longest=seconds)
    while not stop.is_set():
        with outage:
            tick()
        stop.wait(outage.pause)
