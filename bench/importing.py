"""Import of a shop's file, cleaning included, beside a bare COPY of the same rows."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import psycopg
import typer

from bench.figures import Figure, interleaved, publish
from bench.shop import BenchmarkFailedError, BenchShop, prepared, simulated
from database.copying import copy_frame
from database.imports import store_events
from events.event import EVENT_SCHEMA
from events.files.reading import rejected_rows
from events.formats import FileFormat, fitting_preset, preset
from events.loading import Loaded, load_events
from settings import settings
from simulator.files import write

REAL = Path("../shared/data/online_retail.parquet")
FLOOR = 20_000
"""Rows a second that an import reaches at least."""
EMPTY = "TRUNCATE events, customers, items, imports, rejected_rows CASCADE"
BARE, INDEXED = "bare_events", "bare_indexed_events"


def main(
    *,
    data: Annotated[
        Path | None, typer.Option(help=f"A file of events; default: {REAL}, else a simulated shop.")
    ] = None,
    customers: Annotated[int, typer.Option(help="Of the simulated shop.")] = 7_000,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Measure import beside COPY."""
    with prepared() as shop:
        path = data or (REAL if REAL.exists() else _made(shop, customers))
        figures, notes = _measured(shop, path, rounds)
    publish("import", figures, notes=notes)


def _made(shop: BenchShop, customers: int) -> Path:
    folder = shop.home / "made"
    write(simulated(customers), folder)
    return folder / "events.parquet"


def _measured(shop: BenchShop, path: Path, rounds: int) -> tuple[dict[str, Figure], list[str]]:
    chosen = preset(fitting_preset(path))
    file_format = chosen.with_currency(chosen.currency or settings().currency)
    loaded = load_events(path, file_format, now=datetime.now(UTC))
    # In the order in which an import writes, which is the kindest to an index.
    rows = loaded.events.sort("customer_id", "time")
    columns = ", ".join(EVENT_SCHEMA)
    shop.execute(
        f"CREATE TABLE {BARE} AS SELECT {columns} FROM events LIMIT 0",  # noqa: S608 - names of ours
        f"CREATE TABLE {INDEXED} (LIKE events INCLUDING ALL)",
    )
    seconds = interleaved(
        {
            "cleaning": lambda: _clean(path, file_format),
            "storing": lambda: _store(shop, path, file_format, loaded),
            "COPY, no indexes": lambda: _copy(shop, BARE, rows),
            "COPY, same indexes": lambda: _copy(shop, INDEXED, rows),
        },
        rounds,
    )
    kept = f"{path.name}: {loaded.report.rows_in:,} rows, of which {rows.height:,} became events"
    return _figures(loaded, seconds), [
        f"{kept}; {loaded.rejected.height:,} are kept beside with the reason why not; medians of {rounds} rounds",
        "an import also records customers, items and rejected rows, and leaves known events as they are",
    ]


def _figures(loaded: Loaded, seconds: dict[str, float]) -> dict[str, Figure]:
    read, stored = loaded.report.rows_in, loaded.events.height
    import_seconds = seconds["cleaning"] + seconds["storing"]
    bare, indexed = stored / seconds["COPY, no indexes"], stored / seconds["COPY, same indexes"]
    storing = stored / seconds["storing"]
    return {
        "import": Figure(
            value=read / import_seconds,
            unit="rows/s",
            against=f"floor of {FLOOR:,}",
            ratio=read / import_seconds / FLOOR,
        ),
        "import, its events": Figure(
            value=stored / import_seconds,
            unit="events/s",
            against="COPY, same indexes",
            ratio=stored / import_seconds / indexed,
        ),
        "cleaning alone": Figure(value=read / seconds["cleaning"], unit="rows/s"),
        "storing alone": Figure(value=storing, unit="events/s", against="COPY, same indexes", ratio=storing / indexed),
        "COPY, same indexes": Figure(value=indexed, unit="events/s", against="COPY, no indexes", ratio=indexed / bare),
        "COPY, no indexes": Figure(value=bare, unit="events/s"),
    }


def _clean(path: Path, file_format: FileFormat) -> float:
    began = time.perf_counter()
    load_events(path, file_format, now=datetime.now(UTC))
    return time.perf_counter() - began


def _store(shop: BenchShop, path: Path, file_format: FileFormat, loaded: Loaded) -> float:
    shop.execute(EMPTY, "CHECKPOINT")
    rejected = rejected_rows(path, loaded.rejected, file_format.layout)
    began = time.perf_counter()
    with shop.database.writing() as transaction:
        done = store_events(transaction, loaded, rejected, import_id="bench", file_name=path.name)
    seconds = time.perf_counter() - began
    if done is None or done.report["events_new"] != loaded.events.height:
        raise BenchmarkFailedError("the import did not record every event")
    return seconds


def _copy(shop: BenchShop, table: str, rows: pl.DataFrame) -> float:
    shop.execute(f"TRUNCATE {table}", "CHECKPOINT")
    began = time.perf_counter()
    with psycopg.connect(shop.processes.database_url) as connection:
        copy_frame(connection, table, rows)
    return time.perf_counter() - began


if __name__ == "__main__":
    typer.run(main)
