"""What a server's pools did between two looks at its metrics: rates, waits and sizes for each model and lane."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

OUTCOMES = ("answered", "shed", "expired", "cancelled", "failed")


class Lane(NamedTuple):
    """Where requests wait for the same turn."""

    pool: str
    lane: str


class Line(NamedTuple):
    """A lane as one model serves it."""

    pool: str
    lane: str
    model: str


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram: how many observations were at most each bound."""

    counts: Mapping[float, float] = field(default_factory=dict)
    sum: float = 0.0

    @property
    def count(self) -> float:
        """All of them."""
        return self.counts.get(math.inf, 0.0)

    def since(self, before: "Buckets") -> "Buckets":
        """What came after."""
        counts = {bound: count - before.counts.get(bound, 0.0) for bound, count in self.counts.items()}
        return Buckets(counts, self.sum - before.sum)

    def quantile(self, share: float) -> float | None:
        """Straight between the bounds around it, as Prometheus does; the highest bound for what lies above it."""
        wanted, lower, below = share * self.count, 0.0, 0.0
        if self.count == 0:
            return None
        for bound, count in sorted(self.counts.items()):
            if count >= wanted and count > below:
                return lower if math.isinf(bound) else lower + (bound - lower) * (wanted - below) / (count - below)
            lower, below = bound, count
        return lower


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A server's pools at a moment of a clock."""

    at: float
    waits: Mapping[Line, Buckets]
    computes: Mapping[Line, Buckets]
    sizes: Mapping[Line, Buckets]
    outcomes: Mapping[tuple[Lane, str], float]
    waiting: Mapping[Lane, float]


def reading_of(text: str, *, at: float) -> Reading:
    """Of what the metrics' port answered."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    pooled = [(name, labels, value) for name, labels, value, *_ in samples if name.startswith("tierwise_pool_")]
    return Reading(
        at=at, waits=_histograms(pooled, "tierwise_pool_queue_wait_seconds"),
        computes=_histograms(pooled, "tierwise_pool_compute_seconds"),
        sizes=_histograms(pooled, "tierwise_pool_batch_size"),
        outcomes={
            (Lane(labels["pool"], labels["lane"]), labels["outcome"]): value
            for name, labels, value in pooled if name == "tierwise_pool_requests_total"
        },
        waiting={
            Lane(labels["pool"], labels["lane"]): value
            for name, labels, value in pooled if name == "tierwise_pool_waiting"
        },
    )  # fmt: skip


def rows(now: Reading, before: Reading | None) -> Iterator[dict[str, object]]:
    """One row for each model and lane: per second, and in milliseconds; since the server's start without a `before`.

    What a lane holds or loses before a model is asked stands in each row of the lane.
    """
    seconds = None if before is None else now.at - before.at
    if before is not None and _began_anew(now, before):
        before = None
    for line in sorted(now.waits):
        lane = Lane(line.pool, line.lane)
        waits, computes, sizes = (_since(here, there, line) for here, there in _pairs(now, before))
        lost = {
            outcome: now.outcomes.get((lane, outcome), 0.0)
            - (before.outcomes.get((lane, outcome), 0.0) if before else 0)
            for outcome in OUTCOMES
        }
        yield {
            "pool": line.pool, "lane": line.lane, "model": line.model,
            "per_second": None if not seconds else waits.count / seconds, "requests": int(waits.count),
            "waiting": int(now.waiting.get(lane, 0)),
            "batch_size": sizes.sum / sizes.count if sizes.count else None,
            "wait_p50_ms": _ms(waits.quantile(0.5)), "wait_p99_ms": _ms(waits.quantile(0.99)),
            "compute_p50_ms": _ms(computes.quantile(0.5)), "compute_p99_ms": _ms(computes.quantile(0.99)),
            "shed": int(lost["shed"]), "expired": int(lost["expired"]), "cancelled": int(lost["cancelled"]),
            "failed": int(lost["failed"]),
        }  # fmt: skip


def _began_anew(now: Reading, before: Reading) -> bool:
    """Another server answers, or the same one after a restart: else no counter falls. A shadow's may go with it."""
    fell = any(now.waits[line].count < had.count for line, had in before.waits.items() if line in now.waits)
    return fell or any(now.outcomes[what] < had for what, had in before.outcomes.items() if what in now.outcomes)


def _pairs(now: Reading, before: Reading | None) -> Iterator[tuple[Mapping[Line, Buckets], Mapping[Line, Buckets]]]:
    yield now.waits, before.waits if before else {}
    yield now.computes, before.computes if before else {}
    yield now.sizes, before.sizes if before else {}


def _since(here: Mapping[Line, Buckets], there: Mapping[Line, Buckets], line: Line) -> Buckets:
    return here.get(line, Buckets()).since(there.get(line, Buckets()))


def _histograms(samples: Iterable[tuple[str, Mapping[str, str], float]], name: str) -> dict[Line, Buckets]:
    """By line; labels beyond it are summed over."""
    counts: dict[Line, dict[float, float]] = {}
    sums: dict[Line, float] = {}
    for sample, labels, value in samples:
        if sample == f"{name}_bucket":
            bounds = counts.setdefault(_line(labels), {})
            bound = float(labels["le"])
            bounds[bound] = bounds.get(bound, 0.0) + value
        elif sample == f"{name}_sum":
            sums[_line(labels)] = sums.get(_line(labels), 0.0) + value
    return {line: Buckets(bounds, sums[line]) for line, bounds in counts.items()}


def _line(labels: Mapping[str, str]) -> Line:
    return Line(labels["pool"], labels["lane"], labels["model"])


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
