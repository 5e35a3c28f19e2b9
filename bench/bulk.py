"""Bulk work as the worker does it: rescoring beside the bare network."""

from typing import Annotated

import typer

from bench import rescoring
from bench.figures import publish
from bench.shop import learn, prepared, stock
from scoring.threads import limit_threads
from settings import settings


def main(
    *,
    customers: Annotated[int, typer.Option(min=1, help="To rescore.")] = 10_000,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Measure rescoring end to end."""
    limit_threads()
    with prepared() as shop:
        scorer, ids = learn(shop), stock(shop, customers)
        shop.processes.environment["TIERWISE_WORKER_PROCESSES"] = "1"
        shop.processes.start("worker", ["-m", "worker"])
        shop.processes.start("beat", ["-m", "worker", "beat"])
        figures = rescoring.measured(shop, scorer, ids, chunk=settings().score_chunk, rounds=rounds)
    publish(
        "bulk",
        figures,
        notes=[
            f"{customers:,} customers, one worker process, medians of {rounds} rounds",
            "end to end: from the request's transaction over outbox, relay and broker to the operation's last commit",
            "the network alone: features, one forward pass a batch and calibration, on histories in memory, one thread",
        ],
    )


if __name__ == "__main__":
    typer.run(main)
