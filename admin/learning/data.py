"""What the commands that train read: a file or the database, as of a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.progress import TaskID

from admin.shell.database_address import chosen_url
from admin.shell.output import fail, progress_bar, warn
from admin.typed.times import read_time
from database.events.items import read_items
from database.events.store import read_events
from database.session import Database
from events.event import CUSTOMER_SCHEMA
from events.files.reading import FileNotUsable
from events.formats import FormatNotUsable, preset
from events.loading import Loaded, load_events, load_items
from settings import settings
from training.learning import Progress

Events = Annotated[Path | None, typer.Option(help="CSV or Parquet file of events; default: those of the database.")]
Items = Annotated[Path | None, typer.Option(help="CSV or Parquet file of items: item_id, title, category.")]
Preset = Annotated[str | None, typer.Option(help="How to read the file of events, as in `tierwise import events`.")]
AsOf = Annotated[
    str | None, typer.Option(help="ISO time, UTC unless it says otherwise; default: after the last event.")
]
Seed = Annotated[int, typer.Option(help="Equal seeds and data give equal weights.")]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Events in EVENT_SCHEMA, items in ITEM_SCHEMA, what a file says of customers, and the time to stand at."""

    events: pl.DataFrame
    items: pl.DataFrame
    customers: pl.DataFrame
    as_of: datetime


def training_data(
    events: Path | None, items: Path | None, preset_name: str | None, database_url: str | None, as_of: str | None
) -> TrainingData:
    """Read everything; ends the command with an error where a file or the database does not do."""
    found, catalogue, customers = _from_database(database_url) if events is None else _from_file(events, preset_name)
    if items is not None:
        catalogue = _items(items)
    if found.is_empty():
        fail("there are no events: import some with `tierwise import events`, or give --events")
    last = found.select(pl.col("time").max()).item()
    return TrainingData(
        found, catalogue, customers, last + timedelta(microseconds=1) if as_of is None else read_time(as_of, "--as-of")
    )


def _from_file(path: Path, preset_name: str | None) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    try:
        loaded = load_events(
            path, preset(preset_name) if preset_name else None, currency=settings().currency, now=datetime.now(UTC)
        )
    except (FileNotUsable, FormatNotUsable) as refusal:
        fail(str(refusal))
    _tell_rejected(path, loaded)
    return loaded.events, loaded.items, loaded.customers


def _tell_rejected(path: Path, loaded: Loaded) -> None:
    """Why rows are left out, so that nobody misses their customers unawares; ends the command where no row is left."""
    counts = loaded.rejected["reason"].value_counts(sort=True)
    reasons = ", ".join(f"{reason} ({rows:,})" for reason, rows in counts.iter_rows())
    if loaded.events.is_empty():
        fail(f"{path}: all rows were rejected: {reasons}. Choose another --preset, or mend the file")
    if reasons:
        warn(f"{path}: {loaded.rejected.height:,} of {loaded.report.rows_in:,} rows were left out: {reasons}")


def _items(path: Path) -> pl.DataFrame:
    try:
        return load_items(path, currency=settings().currency)
    except (FileNotUsable, FormatNotUsable) as refusal:
        fail(str(refusal))


def _from_database(database_url: str | None) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    database = Database.at(chosen_url(database_url), statement_timeout_ms=0)
    try:
        with database.reading() as snapshot:
            return read_events(snapshot), read_items(snapshot), CUSTOMER_SCHEMA.to_frame()
    finally:
        database.close()


@contextmanager
def training_progress() -> Iterator[Progress]:
    """A bar for each stage of training."""
    with progress_bar() as bar:
        stages: dict[str, TaskID] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = bar.add_task(stage.capitalize(), total=total)
            bar.update(stages[stage], completed=done, total=total)

        yield advance
