"""`tierwise ask`: whom to ask or to test next, because their outcome would tell the model most."""

from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer

from admin.files.result_files import writable
from admin.learning.data import AsOf, Events, Items, Preset, Seed, training_data
from admin.learning.predictions import scorer_for
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from events.files.reading import FileNotUsable, table
from events.history import Histories
from scoring.threads import limit_threads
from scoring.whole_file import whole_file
from training.acquisition import next_to_learn_of, uncertainty
from training.purpose import Purpose

CUSTOMER = "customer_id"
app = typer.Typer(add_completion=False)


@app.command()
def ask(
    *,
    events: Events = None,
    items: Items = None,
    preset: Preset = None,
    database_url: DatabaseUrl = None,
    as_of: AsOf = None,
    count: Annotated[int, typer.Option(min=1, help="How many customers.")] = 200,
    known: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file with the customer_id of those asked or tested before.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Parquet file to write.", dir_okay=False, callback=writable)],
    model: Annotated[Path | None, typer.Option(help="Model folder; default: train on these events.")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Write rank (0 first), customer_id, purchase_probability and uncertainty of whom to learn of next.

    Uncertain customers come first, unlike those known and unlike one another.
    """
    limit_threads()
    data = training_data(events, items, preset, database_url, as_of, spelled=True)
    histories = Histories.from_frame(data.events.filter(pl.col("time") < data.as_of))
    marked = np.isin(histories.customer_ids.astype(str), [] if known is None else _ids(known))
    with scorer_for(data, model, purpose=Purpose.ORDERS, seed=seed) as scorer:
        times = np.full(len(histories), data.as_of.timestamp())
        chances = np.array([score.purchase_90 for score in scorer.score(histories, times)])
        chosen = next_to_learn_of(scorer.features(histories, times), chances, marked, count)
        model_id = scorer.model_id
    found = pl.DataFrame({
        "rank": np.arange(len(chosen)), CUSTOMER: histories.customer_ids[chosen].tolist(),
        "purchase_probability": chances[chosen], "uncertainty": uncertainty(chances[chosen]),
    })  # fmt: skip
    with whole_file(out) as unfinished:
        data.as_written(found).write_parquet(unfinished)
    told = {"customers": found.height, "known": int(marked.sum()), "model_id": model_id, "out": str(out)}
    emit(told, as_json=as_json, title="To learn of next")


def _ids(path: Path) -> list[str]:
    try:
        frame = table(path)
    except FileNotUsable as refusal:
        fail(f"--known: {refusal}")
    if CUSTOMER not in frame.columns:
        fail(f"--known: the file has no column {CUSTOMER}; it has {', '.join(frame.columns)}")
    return frame[CUSTOMER].cast(pl.String).drop_nulls().to_list()
