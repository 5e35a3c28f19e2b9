"""A simulated shop as a folder of Parquet files, written block by block."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from events.event import CUSTOMER_SCHEMA, EVENT_SCHEMA
from simulator.catalogue import catalogue
from simulator.shop import Shop
from simulator.stream import simulate
from simulator.truth import TRUTH_SCHEMA

SCHEMAS = {"customers": CUSTOMER_SCHEMA, "events": EVENT_SCHEMA, "future": EVENT_SCHEMA, "truth": TRUTH_SCHEMA}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files of a shop and how many rows each holds."""

    folder: Path
    customers: int
    items: int
    events: int
    future_events: int
    """Events of the 90 days after `as_of`, kept in a file of their own."""


def write(shop: Shop, folder: Path, *, progress: Callable[[int], None] | None = None) -> Written:
    """Write customers, items, events, future and truth as <name>.parquet into `folder`, which is made if need be.

    `progress` is told how many customers each step has added. The files get their names only when all are complete,
    so an interrupted run leaves earlier files as they were.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = dict.fromkeys(SCHEMAS, 0)
    with ExitStack() as files:
        writers = {name: files.enter_context(_writer(folder, name, schema)) for name, schema in SCHEMAS.items()}
        for block in simulate(shop):
            frames = {
                "customers": block.customers,
                "events": block.events,
                "future": block.future,
                "truth": block.truth,
            }
            for name, frame in frames.items():
                writers[name].write_table(frame.to_arrow())
                rows[name] += len(frame)
            if progress is not None:
                progress(len(block.customers))
    catalogue(shop).write_parquet(_partial(folder, "items"))
    for name in ("items", *SCHEMAS):
        _partial(folder, name).replace(folder / f"{name}.parquet")
    return Written(
        folder=folder,
        customers=rows["customers"],
        items=shop.items,
        events=rows["events"],
        future_events=rows["future"],
    )


def _writer(folder: Path, name: str, schema: pl.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(_partial(folder, name), pl.DataFrame(schema=schema).to_arrow().schema, compression="zstd")


def _partial(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet.partial"
