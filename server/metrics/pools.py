"""How the pools serve: batches as they are answered, counters as they stand when Prometheus asks."""

from collections.abc import Callable, Hashable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from scoring.pool.batch import Batch
from scoring.pool.figures import LaneFigures, PoolFigures
from telemetry.distribution import SECONDS, SIZES, Distribution

LABELS = ("pool", "lane", "model")


class BatchMetrics(Collector):
    """Told of each batch; `model` names the one that is in force for its kind."""

    def __init__(self, model: Callable[[Hashable], str]) -> None:
        self._model = model
        self._waits = Distribution(
            "tierwise_pool_queue_wait_seconds", "Of each request, until its batch left the queue.",
            labels=LABELS, bounds=SECONDS,
        )  # fmt: skip
        self._sizes = Distribution(
            "tierwise_pool_batch_size", "Requests in a batch, by why it left the queue.",
            labels=(*LABELS, "reason"), bounds=SIZES,
        )  # fmt: skip
        self._loads = Distribution("tierwise_pool_load_seconds", "Of a batch's query.", labels=LABELS, bounds=SECONDS)
        self._computes = Distribution(
            "tierwise_pool_compute_seconds", "Of a batch's features and forward pass.", labels=LABELS, bounds=SECONDS
        )

    def served(self, batch: Batch) -> None:
        """For the pools' observer."""
        labels = (batch.pool, batch.lane, self._model(batch.kind))
        self._sizes.observe((*labels, batch.reason), batch.size)
        self._loads.observe(labels, batch.load_seconds)
        self._computes.observe(labels, batch.run_seconds)
        for lane, wait in zip(batch.lanes, batch.waits, strict=True):
            self._waits.observe((batch.pool, lane, labels[-1]), wait)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For the registry."""
        for distribution in (self._waits, self._sizes, self._loads, self._computes):
            yield from distribution.collect()


class PoolMetrics(Collector):
    """What each pool counted by itself, and what it holds."""

    def __init__(self, figures: Callable[[], Mapping[str, PoolFigures]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """For the registry."""
        requests = CounterMetricFamily(
            "tierwise_pool_requests", "Requests by what became of them.", labels=("pool", "lane", "outcome")
        )
        waiting = GaugeMetricFamily("tierwise_pool_waiting", "Requests in the queue.", labels=("pool", "lane"))
        replicas = GaugeMetricFamily("tierwise_pool_replicas", "That are up.", labels=["pool"])
        deaths = CounterMetricFamily(
            "tierwise_pool_replica_deaths", "Of replicas under a batch; each is started again.", labels=["pool"]
        )
        for name, figures in self._figures().items():
            replicas.add_metric([name], figures.replicas)
            deaths.add_metric([name], figures.deaths)
            for lane, its in figures.lanes.items():
                waiting.add_metric((name, lane), its.waiting)
                for outcome, count in _outcomes(its).items():
                    requests.add_metric((name, lane, outcome), count)
        yield from (requests, waiting, replicas, deaths)


def _outcomes(figures: LaneFigures) -> dict[str, int]:
    return {
        "answered": figures.answered, "failed": figures.failed, "shed": figures.refused, "expired": figures.expired,
        "cancelled": figures.cancelled,
    }  # fmt: skip
