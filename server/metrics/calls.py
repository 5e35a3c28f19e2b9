"""Calls by method and code, and those under way."""

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from telemetry.distribution import SECONDS, Distribution


class CallMetrics(Collector):
    """Told of each call when it ends."""

    def __init__(self) -> None:
        self._seconds = Distribution(
            "tierwise_grpc_call_duration_seconds", "From a call's arrival to its answer.",
            labels=("method", "code"), bounds=SECONDS,
        )  # fmt: skip

    def ended(self, method: str, code: str, seconds: float) -> None:
        """`method` such as tierwise.v1.ScoringService/Score."""
        self._seconds.observe((method, code), seconds)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For the registry."""
        yield from self._seconds.collect()


class InFlightMetrics(Collector):
    """Calls whose answer has not left."""

    def __init__(self, under_way: Callable[[], int]) -> None:
        self._under_way = under_way

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For the registry."""
        yield GaugeMetricFamily(
            "tierwise_grpc_calls_in_flight", "Calls whose answer has not left.", value=self._under_way()
        )
