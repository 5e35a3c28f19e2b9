"""`tierwise predict`: what each customer of a file will do, as a Parquet file."""

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer

from admin.files.result_files import writable
from admin.learning.data import AsOf, Events, Items, Preset, Seed, training_data
from admin.learning.extras import extra
from admin.learning.option_groups import given_of, refuse_columns, refuse_histories
from admin.learning.predictions import blocks, scorer_for
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from events.currency import minor_units_of
from events.history import Histories
from scoring.predictors.horizons import LONGEST_DAYS, SHORTEST_DAYS
from scoring.scorer import Scorer
from scoring.threads import limit_threads
from scoring.whole_file import whole_file
from training.purpose import Purpose
from training.text.recipe import CLASSIFIER

app = typer.Typer(add_completion=False)

BLOCK = 1000
"""Customers in one call of the network."""
SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "purchase_probability": pl.Float64(),
        "expected_spend": pl.Float64(),
        "churn_probability": pl.Float64(),
        "expected_orders": pl.Float64(),
        "median_spend": pl.Float64(),
        "median_orders": pl.Float64(),
    }
)


@app.command()
def predict(
    context: typer.Context,
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
    documents: Annotated[
        Path | None, typer.Option(help="CSV or Parquet of texts, for a --model that `--backbone text` taught on such.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="Column of --documents to read; default: those that were learned from.")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Write what each customer seen before a time will do, or which label each text of a file has.

    Columns: customer_id, purchase_probability, expected_spend, churn_probability, expected_orders, median_spend,
    median_orders. Spend is in major units of the events' currency, and what is sent back is not taken off. What is
    expected adds up to totals; a median is the best single number for one customer, 0 where an order is unlikely. Churn
    is over 90 days whatever the horizon, which is 7 to 365 days.
    With --documents: row (in the file, from 0), customer_id where there is one, label, and a chance of each label.
    """
    given = given_of(context)
    if documents is not None:
        refuse_histories(given)
        _label(documents, text or [], model, out, as_json=as_json)
        return
    refuse_columns(given)
    if model is not None and (model / CLASSIFIER).is_file():
        fail(f"{model} tells texts apart: give it a file of them, --documents")
    if market is not None and model is None:
        fail("--market needs --model: an adapter changes one certain model")
    began = time.monotonic()
    limit_threads()
    data = training_data(events, items, preset, database_url, as_of, spelled=True)
    histories = data.histories()
    with scorer_for(data, model, purpose=Purpose.ORDERS, seed=seed, market=market) as scorer:
        asked = blocks(histories, BLOCK, "Scoring")
        made = pl.concat([SCHEMA.to_frame(), *(_foretold(scorer, block, data.as_of, horizon) for block in asked)])
        model_id, currency = scorer.model_id, scorer.currency
    with whole_file(out) as unfinished:
        data.as_written(made).write_parquet(unfinished)
    summary = {
        "customers": made.height, "model_id": model_id, "horizon_days": horizon,
        "expected_buyers": round(made["purchase_probability"].sum(), 1),
        "expected_orders": round(made["expected_orders"].sum(), 1),
        "expected_spend": round(made["expected_spend"].sum(), 2), "currency": currency, "out": str(out),
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    emit(summary, as_json=as_json, title="Predicted")


def _label(documents: Path, text: list[str], model: Path | None, out: Path, *, as_json: bool) -> None:
    if model is None:
        fail("--documents needs --model: a classifier that `tierwise train --backbone text --documents` taught")
    limit_threads()
    extra("admin.learning.text_predictions").predict(documents, text, model, out, as_json=as_json)


def _foretold(scorer: Scorer, block: Histories, as_of: datetime, horizon: int) -> pl.DataFrame:
    """In SCHEMA."""
    scores, ahead = scorer.score_within(horizon, block, np.full(len(block), as_of.timestamp()))
    columns = {
        "customer_id": [score.customer_id for score in scores],
        "purchase_probability": ahead.purchase,
        "expected_spend": ahead.spend / minor_units_of(scorer.currency),
        "churn_probability": [score.churn for score in scores],
        "expected_orders": ahead.orders,
        "median_spend": ahead.median_spend / minor_units_of(scorer.currency),
        "median_orders": ahead.median_orders,
    }
    return pl.DataFrame(columns, schema=SCHEMA)
