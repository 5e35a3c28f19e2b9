"""Histograms that cost whoever observes well under a microsecond; what Prometheus reads is made when it asks."""

import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds for what takes from half a millisecond to half a minute."""
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
"""Bounds for numbers of rows."""


class _Series:
    """The counts of one combination of labels."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, value: float) -> None:
        place = bisect_left(self._bounds, value)
        with self._lock:
            self._counts[place] += 1
            self._sum += value

    def read(self) -> tuple[list[int], float]:
        """Cumulative counts, as Prometheus has them, and the sum; of one moment."""
        with self._lock:
            counts, total = list(self._counts), self._sum
        return list(accumulate(counts)), total


class Distribution(Collector):
    """Observations by labels."""

    def __init__(self, name: str, documentation: str, *, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = tuple(labels)
        self._bounds = tuple(bounds)
        self._names = (*map(str, bounds), "+Inf")
        self._series: dict[tuple[str, ...], _Series] = {}

    def observe(self, labels: tuple[str, ...], value: float) -> None:
        """Count a value; `labels` in the order of their names."""
        series = self._series.get(labels)
        if series is None:
            # Of two threads that come first, both get the one that was put there first.
            series = self._series.setdefault(labels, _Series(self._bounds))
        series.observe(value)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For the registry."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, series in sorted(self._series.copy().items()):
            counts, total = series.read()
            buckets = [(name, float(count)) for name, count in zip(self._names, counts, strict=True)]
            family.add_metric(labels, buckets, total)
        yield family
