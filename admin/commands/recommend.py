"""`tierwise recommend`: items for each customer of a file, as a Parquet file."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer

from admin.files.result_files import writable
from admin.learning.data import Events, Items, Preset, Seed, TrainingData, training_data
from admin.learning.predictions import blocks, scorer_for
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail, warn
from events.history import Histories
from scoring.reasons.item_words import item_words
from scoring.score import Recommendation, Strategy
from scoring.seen.actions import Floats
from scoring.threads import limit_threads
from scoring.whole_file import whole_file
from training.purpose import Purpose

app = typer.Typer(add_completion=False)

BLOCK = 128
"""Customers whose scores of the whole catalogue are held at once."""
SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "rank": pl.Int64(),
        "item_id": pl.String(),
        "score": pl.Float64(),
        "reason": pl.String(),
    }
)


@app.command()
def recommend(
    *,
    events: Events = None,
    items: Items = None,
    preset: Preset = None,
    database_url: DatabaseUrl = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="ISO time, UTC unless it says otherwise: what is ordered from then on. Default: after the last event, "
            "but line by line where that is said above."
        ),
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Items for each customer.")] = 20,
    strategy: Annotated[Strategy, typer.Option(help="How they are found.")] = Strategy.HYBRID,
    diversity: Annotated[float, typer.Option(min=0, max=1, help="0 for the best, 1 for the most varied.")] = 0.0,
    out: Annotated[Path, typer.Option(help="Parquet file to write.", dir_okay=False, callback=writable)],
    model: Annotated[Path | None, typer.Option(help="Model folder; default: train on these events.")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Write customer_id, rank (0 is best), item_id, score and reason for every customer seen before a time.

    Of --items, where they are given, and of no others; of nothing that cannot be had (their column `available`). A file
    of events without --as-of and without --model is gone on with line by line: what comes after each customer's last
    line, in the same order or in a later one.
    """
    began = time.monotonic()
    limit_threads()
    data = training_data(events, items, preset, database_url, as_of, spelled=True)
    going_on = events is not None and as_of is None and model is None
    if going_on:
        data = data.line_by_line()
    among = None if items is None else _catalogue(items, data)
    histories = data.histories()
    with scorer_for(data, model, purpose=Purpose.ITEMS, seed=seed) as scorer:
        if not len(scorer.model.catalogue):
            fail("item_id: no event before the as-of time names an item, and there are no --items to recommend")
        find = partial(
            scorer.recommend, count=k, strategy=strategy, diversity=diversity, among=among, unavailable=data.unavailable
        )  # fmt: skip
        lists = [
            _lists(block, find(block, _asked(block, data, going_on=going_on)))
            for block in blocks(histories, BLOCK, "Recommending")
        ]
        made = pl.concat([SCHEMA.to_frame(), *lists])
        blends = {name: scorer.manifest.get(name) for name in ("blend", "ahead", "newcomers")}
        model_id = scorer.model_id
    with whole_file(out) as unfinished:
        data.as_written(made).write_parquet(unfinished)
    summary = {"customers": len(histories), "rows": made.height, "foretold": "next line" if going_on else "next order"}
    summary |= {"model_id": model_id, "out": str(out)}
    seconds = round(time.monotonic() - began, 1)
    emit(summary | blends | {"seconds": seconds}, as_json=as_json, title="Recommended")


def _asked(block: Histories, data: TrainingData, *, going_on: bool) -> Floats:
    """When each customer is asked about: where their own lines end, or at one time."""
    as_of = data.as_of.timestamp()
    return block.ends(as_of) if going_on else np.full(len(block), as_of)


def _lists(block: Histories, found: Sequence[Sequence[Recommendation]]) -> pl.DataFrame:
    """In SCHEMA, and so block by block: everybody's lists as tuples would take four times the memory."""
    rows = [
        (customer, rank, item.item_id, item.score, item_words(item.reason))
        for customer, chosen in zip(block.customer_ids, found, strict=True)
        for rank, item in enumerate(chosen)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _catalogue(path: Path, data: TrainingData) -> frozenset[str]:
    """The items of the file; what was bought and does not stand there is told."""
    catalogue, seen = frozenset(data.items["item_id"]), data.events["item_id"].drop_nulls().unique()
    if strange := sum(item not in catalogue for item in seen):
        warn(f"{path}: {strange:,} of {len(seen):,} items of the events do not stand there and are not recommended")
    return catalogue
