"""Rescoring end to end, by a real worker, beside the network alone on the same histories in memory."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from bench.figures import Figure, interleaved
from bench.shop import BenchmarkFailedError, BenchShop, cause, finished
from campaigns.tiers import rescoring
from database.events import store
from events.history import Histories
from scoring.scorer import Scorer


def measured(
    shop: BenchShop, scorer: Scorer, customers: Sequence[str], *, chunk: int, rounds: int
) -> dict[str, Figure]:
    """Customers a second. A worker runs already; it meets the shop once before, so that its network is loaded."""
    as_of = datetime.now(UTC)
    chunks = _chunks(shop, customers, as_of, chunk)
    _rescore(shop, as_of, len(customers))
    seconds = interleaved(
        {
            "rescoring": lambda: _rescore(shop, as_of, len(customers)),
            "network alone": lambda: _score(scorer, chunks, as_of),
            "reading histories": lambda: _read(shop, customers, as_of, chunk),
        },
        rounds,
    )
    rates = {name: len(customers) / taken for name, taken in seconds.items()}
    network = rates["network alone"]
    return {
        "rescoring": Figure(
            value=rates["rescoring"], unit="customers/s", against="network alone", ratio=rates["rescoring"] / network
        ),
        "network alone": Figure(value=network, unit="customers/s"),
        "reading histories": Figure(
            value=rates["reading histories"], unit="customers/s", against="network alone",
            ratio=rates["reading histories"] / network,
        ),
    }  # fmt: skip


def _chunks(shop: BenchShop, customers: Sequence[str], as_of: datetime, size: int) -> list[Histories]:
    with shop.database.reading() as snapshot:
        return [
            store.histories(snapshot, customers[start : start + size], before=as_of)
            for start in range(0, len(customers), size)
        ]


def _rescore(shop: BenchShop, as_of: datetime, expected: int) -> float:
    began = time.perf_counter()
    with shop.database.writing() as transaction:
        operation = rescoring.begin(transaction, cause(), as_of=as_of)
    done = finished(shop, operation)
    seconds = time.perf_counter() - began
    if done.done_count != expected:
        raise BenchmarkFailedError(f"{done.done_count} customers were scored instead of {expected}")
    return seconds


def _score(scorer: Scorer, chunks: Sequence[Histories], as_of: datetime) -> float:
    began = time.perf_counter()
    for histories in chunks:
        scorer.score(histories, np.full(len(histories), as_of.timestamp()))
    return time.perf_counter() - began


def _read(shop: BenchShop, customers: Sequence[str], as_of: datetime, size: int) -> float:
    began = time.perf_counter()
    _chunks(shop, customers, as_of, size)
    return time.perf_counter() - began
