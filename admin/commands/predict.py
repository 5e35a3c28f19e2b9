"""`tierwise predict`: what each customer of a file will do, as a Parquet file."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer

from admin.database_address import DatabaseUrl
from admin.output import AsJson, emit, fail
from admin.predictions import blocks, scorer_for
from admin.result_files import writable
from admin.training_data import AsOf, Events, Items, Preset, Seed, training_data
from events.currency import minor_units_of
from events.history import Histories
from scoring.horizons import LONGEST_DAYS, SHORTEST_DAYS
from scoring.score import Score
from scoring.threads import limit_threads

app = typer.Typer(add_completion=False)

BLOCK = 1000
"""Customers in one call of the network."""


@app.command()
def predict(
    *,
    events: Events = None,
    items: Items = None,
    preset: Preset = None,
    database_url: DatabaseUrl = None,
    as_of: AsOf = None,
    horizon: Annotated[int, typer.Option(min=SHORTEST_DAYS, max=LONGEST_DAYS, help="Days.")] = 90,
    out: Annotated[Path, typer.Option(help="Parquet file to write.", dir_okay=False, callback=writable)],
    model: Annotated[Path | None, typer.Option(help="Model folder; default: train on these events.")] = None,
    market: Annotated[str | None, typer.Option(help="Answer as its adapter says; needs --model.")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Write what each customer seen before a time will do.

    Columns: customer_id, purchase_probability, expected_spend, churn_probability, expected_orders. Spend is in major
    units of the events' currency. Churn is over 90 days whatever the horizon, which is 7 to 365 days.
    """
    if market is not None and model is None:
        fail("--market needs --model: an adapter changes one certain model")
    began = time.monotonic()
    limit_threads()
    data = training_data(events, items, preset, database_url, as_of)
    histories = Histories.from_frame(data.events.filter(pl.col("time") < data.as_of))
    with scorer_for(data, model, seed=seed, market=market) as scorer:
        scores: list[Score] = []
        ahead: list[tuple[float, float]] = []
        for block in blocks(histories, BLOCK, "Scoring"):
            found, within = scorer.score_within(horizon, block, np.full(len(block), data.as_of.timestamp()))
            scores += found
            ahead += zip(within.purchase.tolist(), within.orders.tolist(), strict=True)
        model_id = scorer.model_id
    _write(scores, ahead, out)
    emit(_summary(scores, model_id, out, time.monotonic() - began), as_json=as_json, title="Predicted")


def _write(scores: Sequence[Score], ahead: Sequence[tuple[float, float]], out: Path) -> None:
    rows = [
        (score.customer_id, chance, _spend(score, orders), score.churn, orders)
        for score, (chance, orders) in zip(scores, ahead, strict=True)
    ]
    columns = {
        "customer_id": pl.String,
        "purchase_probability": pl.Float64,
        "expected_spend": pl.Float64,
        "churn_probability": pl.Float64,
        "expected_orders": pl.Float64,
    }
    pl.DataFrame(rows, schema=columns, orient="row").write_parquet(out)


def _spend(score: Score, orders: float) -> float:
    """Expected spend grows with the expected number of orders."""
    share = orders / score.expected_orders if score.expected_orders else 0.0
    return score.spend_minor / minor_units_of(score.currency) * share


def _summary(scores: list[Score], model_id: str, out: Path, seconds: float) -> dict[str, object]:
    return {
        "customers": len(scores),
        "model_id": model_id,
        "expected_buyers": round(sum(score.purchase_90 for score in scores), 1),
        "expected_orders": round(sum(score.expected_orders for score in scores), 1),
        "expected_spend": round(sum(score.spend_minor / minor_units_of(score.currency) for score in scores), 2),
        "currency": scores[0].currency if scores else None,
        "out": str(out),
        "seconds": round(seconds, 1),
    }
