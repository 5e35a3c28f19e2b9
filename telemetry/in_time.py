"""Figures of the database in time for whoever scrapes, or that it is away: one that hangs would keep all figures back.

Prometheus takes nothing that comes after some seconds, and an alert begins anew with each gap.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from scoring.pool.aside import Aside
from telemetry.backlog import up

SECONDS = 4.0
"""Below any usual `scrape_timeout`."""


class InTime(Collector):
    """Asks the collectors in a thread of its own, once for all who scrape meanwhile."""

    def __init__(self, collectors: Sequence[Collector]) -> None:
        self._collectors = collectors
        self._aside, self._lock = Aside(), threading.Lock()
        self._reading: Future[list[Metric]] | None = None
        self._begun = 0.0

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        with self._lock:
            if self._reading is None or self._reading.done():
                self._reading, self._begun = self._aside.begin(self._read), time.monotonic()
            reading, left = self._reading, self._begun + SECONDS - time.monotonic()
        wait([reading], max(left, 0.0))
        yield from reading.result() if reading.done() else [up(answers=False)]

    def close(self) -> None:
        """Ask no more."""
        self._aside.close()

    def _read(self) -> list[Metric]:
        return [family for each in self._collectors for family in each.collect()]
