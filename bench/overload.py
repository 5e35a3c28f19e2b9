"""Score under load that does not wait: at half of what the server can do, at one to three times, and for minutes."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from bench.figures import Figure, publish
from bench.processor import children
from bench.serving import CALLERS, Target, histories_of, network_cost, score_server
from bench.shop import BenchmarkFailedError, BenchShop, learn, prepared, stock
from bench.stream import Stream, open_loop
from database.events import store
from events.event import Event, EventType
from scoring.threads import limit_threads

TIMES = (0.5, 1.0, 2.0, 3.0)
DEADLINE = 0.1
SOAK_DEADLINE = 1.0
MOST = CALLERS[-1]
EVENTS_A_SECOND = 20.0


def main(
    *,
    customers: Annotated[int, typer.Option(min=32, help="Who are asked about, in turn.")] = 2_000,
    seconds: Annotated[float, typer.Option(min=1, help="Of one slice of load.")] = 5.0,
    soak_minutes: Annotated[float, typer.Option(min=0, help="At half load, with events being written.")] = 1.0,
) -> None:
    """Measure Score in an open loop."""
    limit_threads()
    with prepared() as shop:
        scorer, ids = learn(shop), stock(shop, customers)
        score = score_server(shop, ids)
        score.cost(MOST, seconds)
        capacity = score.cost(MOST, seconds).rate
        network = network_cost(scorer, histories_of(shop, ids), MOST, seconds).rate
        figures = {
            "capacity": Figure(value=capacity, unit="answers/s", against="network alone", ratio=capacity / network),
            "network alone": Figure(value=network, unit="answers/s"),
        }
        for times in TIMES:
            figures |= _open(score, capacity, times, seconds)
        figures |= _soaked(shop, score, ids, capacity / 2, soak_minutes)
    publish(
        "overload",
        figures,
        notes=[
            f"{customers:,} customers asked about in turn; capacity: a closed loop of {MOST} callers",
            f"open loops of {seconds:g} s at multiples of it, each request with {1000 * DEADLINE:g} ms to be answered",
            f"network alone: features and a forward pass of {MOST} in process, one thread",
            f"soak: {soak_minutes:g} minutes at half of capacity, {EVENTS_A_SECOND:g} events a second recorded beside",
        ],
    )


def _open(score: Target, capacity: float, times: float, seconds: float) -> dict[str, Figure]:
    load = partial(open_loop, score.address, score.method, score.requests)
    seen = load(rate=capacity * times, seconds=seconds, deadline=DEADLINE)
    name = f"open {times:g}x"
    best = min(capacity, capacity * times)
    figures = {
        f"{name}: in time": Figure(value=seen.good, unit="answers/s", against="capacity", ratio=seen.good / best),
        f"{name}: p50": Figure(value=seen.p50_ms, unit="ms"),
        f"{name}: p99": Figure(value=seen.p99_ms, unit="ms"),
        f"{name}: refused": Figure(value=seen.refused / seconds, unit="calls/s"),
        f"{name}: refusal p99": Figure(value=seen.refusal_p99_ms, unit="ms"),
        f"{name}: cut off": Figure(value=seen.cut_off / seconds, unit="calls/s"),
        f"{name}: late": Figure(value=seen.late / seconds, unit="calls/s"),
    }
    if seen.failed:
        raise BenchmarkFailedError(f"{seen.failed} calls failed at {times:g} times the capacity")
    return figures


def _soaked(shop: BenchShop, score: Target, ids: Sequence[str], rate: float, minutes: float) -> dict[str, Figure]:
    """The first minute beside the last; no call may fail."""
    if minutes == 0:
        return {}
    with _writing(shop, ids):
        slices: list[tuple[Stream, float]] = []
        for _ in range(max(2, round(minutes))):
            seconds = 60.0 * minutes / max(2, round(minutes))
            seen = open_loop(
                score.address, score.method, score.requests, rate=rate, seconds=seconds, deadline=SOAK_DEADLINE
            )
            slices.append((seen, _megabytes(score.pid)))
    (first, began), (last, ended) = slices[0], slices[-1]
    lost = sum(seen.failed + seen.late + seen.refused + seen.cut_off for seen, _ in slices)
    return {
        "soak: p99 at first": Figure(value=first.p99_ms, unit="ms"),
        "soak: p99 at last": Figure(
            value=last.p99_ms, unit="ms", against="soak: p99 at first", ratio=last.p99_ms / first.p99_ms
        ),
        "soak: memory at first": Figure(value=began, unit="MB"),
        "soak: memory at last": Figure(value=ended, unit="MB", against="soak: memory at first", ratio=ended / began),
        "soak: calls without an answer": Figure(value=lost, unit="calls"),
    }


@contextmanager
def _writing(shop: BenchShop, ids: Sequence[str]) -> Iterator[None]:
    """Views of the customers who are asked about, one after the other."""
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.wait(1 / EVENTS_A_SECOND):
            event = Event(
                event_id=uuid4().hex, customer_id=ids[number % len(ids)], time=datetime.now(UTC),
                event_type=EventType.VIEW,
            )  # fmt: skip
            with shop.database.writing() as transaction:
                store.insert_events(transaction, [event])
            number += 1

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def _megabytes(pid: int) -> float:
    """Resident memory of a process and its children."""
    family = [pid, *children(pid)]
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in family)
    return pages * 4096 / 2**20


if __name__ == "__main__":
    typer.run(main)
