"""Score at 1, 8 and 32 callers, and BatchScore, beside a bare echo of the same stack and beside the bare network."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import grpc
import numpy as np
import typer
from google.protobuf.message import Message
from tierwise.v1 import scoring_service_pb2, scoring_service_pb2_grpc

from bench.cost import UNITS, Cost
from bench.echo import METHOD as ECHO
from bench.figures import Figure, in_turn, publish
from bench.load import closed_loop
from bench.processor import seconds_of
from bench.shop import BenchmarkFailedError, BenchShop, free_address, learn, prepared, stock
from database.events import store
from events.history import Histories
from scoring.scorer import Scorer
from scoring.threads import limit_threads

CALLERS = (1, 8, 32)
SERVICE = scoring_service_pb2.DESCRIPTOR.services_by_name["ScoringService"].full_name
SCORE = f"/{SERVICE}/Score"
BATCH_SCORE = f"/{SERVICE}/BatchScore"
IN_A_CALL = 500
"""Customers in a call of BatchScore; the most that it takes."""
NETWORK_BATCH = 32
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """A server under load."""

    address: str
    method: str
    requests: Callable[[int], Message]
    pid: int
    database_pid: int
    answers: int = 1
    """In each call."""

    def cost(self, callers: int, seconds: float) -> Cost:
        """Keep it busy. Raises NoAnswer, BenchmarkFailedError."""
        before, before_database = seconds_of(self.pid), seconds_of(self.database_pid)
        load = closed_loop(self.address, self.method, self.requests, callers=callers, seconds=seconds)
        if load.errors:
            raise BenchmarkFailedError(f"{load.errors} calls of {self.method} failed")
        return Cost(
            rate=load.rate * self.answers,
            p50=load.p50_ms,
            p99=load.p99_ms,
            processor=1000 * (seconds_of(self.pid) - before) / (load.answers * self.answers),
            database=1000 * (seconds_of(self.database_pid) - before_database) / (load.answers * self.answers),
        )


def main(
    *,
    customers: Annotated[int, typer.Option(min=32, help="Who are asked about, in turn.")] = 2_000,
    seconds: Annotated[float, typer.Option(min=0.5, help="Of one slice of load.")] = 3.0,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Measure Score."""
    limit_threads()
    with prepared() as shop:
        scorer, ids = learn(shop), stock(shop, customers)
        score, echo = score_server(shop, ids), _echo(shop, ids)
        together = batch_server(score, ids)
        costs = _costs(score, together, echo, partial(network_cost, scorer, histories_of(shop, ids)), seconds, rounds)
    publish(
        "score",
        _figures(costs),
        notes=[
            f"{customers:,} customers asked about in turn, slices of {seconds:g} s, medians of {rounds} rounds",
            "the number is that of the callers, who share the machine with the server, or the batch of the network",
            "echo: the same stack answers the same bytes; network: features and a forward pass in process, one thread",
            f"BatchScore: {min(IN_A_CALL, customers)} customers a call, one caller",
            "processor and database: time of the processor that one answer costs in the server and in PostgreSQL",
        ],
    )


def score_server(shop: BenchShop, ids: Sequence[str]) -> Target:
    """Ours, serving, to be asked about these customers in turn."""
    address = shop.serve(SERVICE)
    requests = [scoring_service_pb2.ScoreRequest(customer=f"customers/{customer}") for customer in ids]
    return _target(shop, "server", address, SCORE, requests)


def batch_server(score: Target, ids: Sequence[str]) -> Target:
    """The same, asked about many of them in each call."""
    asked = [scoring_service_pb2.ScoreRequest(customer=f"customers/{customer}") for customer in ids]
    calls = [
        scoring_service_pb2.BatchScoreRequest(requests=asked[start : start + IN_A_CALL])
        for start in range(0, max(len(asked) - IN_A_CALL, 0) + 1, IN_A_CALL)
    ]
    return replace(
        score, method=BATCH_SCORE, requests=lambda number: calls[number % len(calls)], answers=len(calls[0].requests)
    )


def _echo(shop: BenchShop, ids: Sequence[str]) -> Target:
    """A server of its own that answers each request with what ours answered to one."""
    answer = shop.home / "answer"
    request = scoring_service_pb2.ScoreRequest(customer=f"customers/{ids[0]}")
    with grpc.insecure_channel(shop.processes.environment["TIERWISE_LISTEN"]) as channel:
        answered = scoring_service_pb2_grpc.ScoringServiceStub(channel).Score(request, timeout=START_SECONDS)
    answer.write_bytes(answered.SerializeToString())
    address = free_address()
    shop.processes.start("echo", ["-m", "bench.echo", address, str(answer)])
    with grpc.insecure_channel(address) as channel:
        grpc.channel_ready_future(channel).result(START_SECONDS)
    return _target(shop, "echo", address, ECHO, [request])


def _target(shop: BenchShop, name: str, address: str, method: str, requests: Sequence[Message]) -> Target:
    postgres = shop.processes.postgres
    if postgres is None:
        raise BenchmarkFailedError("the benchmark has no database of its own")
    return Target(
        address=address, method=method, requests=lambda number: requests[number % len(requests)],
        pid=shop.processes.children[name].process.pid, database_pid=postgres.process.pid,
    )  # fmt: skip


def histories_of(shop: BenchShop, ids: Sequence[str]) -> Histories:
    """In memory."""
    with shop.database.reading() as snapshot:
        return store.histories(snapshot, ids)


def network_cost(scorer: Scorer, histories: Histories, batch: int, seconds: float) -> Cost:
    """The scorer in this process on histories in memory, one thread: customers a second."""
    now = datetime.now(UTC).timestamp()
    scored, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        start = scored % (len(histories) - batch + 1)
        scorer.score(histories.some(start, start + batch), np.full(batch, now))
        scored += batch
    taken = time.perf_counter() - began
    return Cost(rate=scored / taken, processor=1000 * taken / scored)


def _costs(
    score: Target, together: Target, echo: Target, network: Callable[[int, float], Cost], seconds: float, rounds: int
) -> Mapping[str, Cost]:
    slices: dict[str, Callable[[], Cost]] = {}
    for callers in CALLERS:
        slices[f"Score {callers}"] = partial(score.cost, callers, seconds)
        slices[f"echo {callers}"] = partial(echo.cost, callers, seconds)
        slices[f"network {callers}"] = partial(network, callers, seconds)
    slices["BatchScore"] = partial(together.cost, 1, seconds)
    return {name: Cost.median(costs) for name, costs in in_turn(slices, rounds).items()}


def _figures(costs: Mapping[str, Cost]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for callers in CALLERS:
        score, echo, network = (f"{name} {callers}" for name in ("Score", "echo", "network"))
        for name, unit in UNITS.items():
            value, bare = getattr(costs[score], name), getattr(costs[echo], name)
            figures[f"{score}: {name}"] = Figure(value=value, unit=unit, against=echo, ratio=value / bare)
        figures[f"{score}: database"] = Figure(value=costs[score].database, unit=UNITS["processor"])
        figures |= {f"{echo}: {name}": Figure(value=getattr(costs[echo], name), unit=UNITS[name]) for name in UNITS}
        figures[f"{network}: rate"] = Figure(
            value=costs[network].rate, unit="answers/s", against=score, ratio=costs[network].rate / costs[score].rate
        )
    together, network = costs["BatchScore"], f"network {NETWORK_BATCH}"
    figures["BatchScore: rate"] = Figure(
        value=together.rate, unit="answers/s", against=network, ratio=together.rate / costs[network].rate
    )
    for name in ("processor", "database"):
        figures[f"BatchScore: {name}"] = Figure(value=getattr(together, name), unit=UNITS["processor"])
    return figures


if __name__ == "__main__":
    typer.run(main)
