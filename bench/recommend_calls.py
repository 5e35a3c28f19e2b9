"""Recommend as a caller sees it: the first call, then known customers and guests with a basket at 1 and 8 callers.

    python -m bench.recommend_calls --events F --model M [--customers 2000] [--preset P]

A database of its own holds these customers of the file alone; the model and its catalogue are whole.
"""

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import grpc
import numpy as np
import polars as pl
import typer
from tierwise.v1 import recommendation_service_pb2_grpc
from tierwise.v1.recommendation_service_pb2 import DESCRIPTOR, RecommendRequest

from admin.learning.data import training_data
from admin.running.stages import Stages
from bench.figures import Figure, in_turn, publish
from bench.load import Load, closed_loop
from bench.shop import BenchmarkFailedError, BenchShop, prepared
from database.events import store
from scoring.threads import limit_threads

CALLERS = (1, 8)
SERVICE = DESCRIPTOR.services_by_name["RecommendationService"].full_name
METHOD = f"/{SERVICE}/Recommend"
BASKET = 3
CALL_SECONDS = 30.0


def main(
    *,
    events: Annotated[Path, typer.Option()],
    model: Annotated[Path, typer.Option()],
    preset: Annotated[str | None, typer.Option()] = None,
    customers: Annotated[int, typer.Option(min=32)] = 2000,
    seconds: Annotated[float, typer.Option(min=0.5)] = 5.0,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Measure Recommend."""
    limit_threads()
    known = training_data(events, None, preset, None, None).events
    some = known["customer_id"].unique().sort()
    some = some.gather(np.sort(np.random.default_rng(0).permutation(len(some))[:customers]))
    with prepared() as shop:
        _stock(shop, known.filter(pl.col("customer_id").is_in(some.implode())), model)
        address = shop.serve(SERVICE)
        asked: dict[str, list[RecommendRequest]] = {
            "customers": [RecommendRequest(customer=f"customers/{who}") for who in some],
            "guests": _guests(known["item_id"].drop_nulls(), customers),
        }
        figures = {"first call": Figure(value=_first(address, asked["customers"][0]), unit="ms")}
        slices = {
            f"{who}, {callers} at once": partial(_load, address, requests, callers, seconds)
            for callers in CALLERS
            for who, requests in asked.items()
        }
        for name, loads in in_turn(slices, rounds).items():
            for figure, unit in (("p50_ms", "ms"), ("p99_ms", "ms"), ("rate", "answers/s")):
                value = float(np.median([getattr(load, figure) for load in loads]))
                figures[f"{name}: {figure.removesuffix('_ms')}"] = Figure(value=value, unit=unit)
    publish("recommend_calls", figures, notes=[f"{customers:,} customers in turn; baskets of {BASKET}; lists of ten"])


def _stock(shop: BenchShop, events: pl.DataFrame, model: Path) -> None:
    with shop.database.writing() as transaction:
        store.copy_events(transaction, events)
    shop.execute("VACUUM ANALYZE")
    stages = Stages(environment=shop.processes.environment)
    registered = stages.tierwise("models", "register", str(model.resolve()))
    stages.tierwise("models", "activate", registered["model_id"])


def _guests(items: pl.Series, count: int) -> list[RecommendRequest]:
    """Baskets of what is bought and looked at, the popular more often."""
    drawn = items.gather(np.random.default_rng(1).integers(0, len(items), count * BASKET)).to_list()
    return [RecommendRequest(context_item_ids=drawn[start : start + BASKET]) for start in range(0, len(drawn), BASKET)]


def _first(address: str, request: RecommendRequest) -> float:
    with grpc.insecure_channel(address) as channel:
        grpc.channel_ready_future(channel).result(CALL_SECONDS)
        began = time.perf_counter()
        recommendation_service_pb2_grpc.RecommendationServiceStub(channel).Recommend(request, timeout=CALL_SECONDS)
        return 1000 * (time.perf_counter() - began)


def _load(address: str, requests: list[RecommendRequest], callers: int, seconds: float) -> Load:
    load = closed_loop(address, METHOD, lambda n: requests[n % len(requests)], callers=callers, seconds=seconds)
    if load.errors:
        raise BenchmarkFailedError(f"{load.errors} calls failed")
    return load


if __name__ == "__main__":
    typer.run(main)
