"""`tierwise simulate`: a shop whose truth is known, as Parquet files."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from admin.shell.output import AsJson, emit, fail, progress_bar
from scoring.whole_file import told_of
from simulator.files import Written, write
from simulator.shop import Shop, ShopNotPossible

FIRST_DAY = datetime(2024, 1, 1)  # noqa: DTZ001  # typer shows it as a date; the shop gets it in UTC
app = typer.Typer(add_completion=False)


@app.command()
def simulate(
    *,
    customers: Annotated[int, typer.Option(help="How many customers; ten million are possible.")] = 5_000,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal shops.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder for the Parquet files.", file_okay=False)],
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = FIRST_DAY,
    days: Annotated[int, typer.Option(help="Length of the history.")] = 540,
    items: Annotated[int, typer.Option(help="Size of the catalogue.")] = 1_200,
    as_json: AsJson = False,
) -> None:
    """Simulate a shop: events, items, customers, the truth, and apart from them the 90 days that follow."""
    try:
        shop = Shop(customers=customers, seed=seed, start=start.replace(tzinfo=UTC), days=days, items=items)
    except ShopNotPossible as refusal:
        fail(str(refusal))
    began = time.monotonic()
    with progress_bar() as bar:
        task = bar.add_task("Simulating customers", total=customers)
        with told_of(out):
            written = write(shop, out, progress=lambda count: bar.advance(task, count))
    emit(_summary(shop, written, time.monotonic() - began), as_json=as_json, title="Simulated shop")


def _summary(shop: Shop, written: Written, seconds: float) -> dict[str, object]:
    made = written.events + written.future_events
    return {
        **asdict(written),
        "as_of": shop.as_of.isoformat(),
        "seconds": round(seconds, 1),
        "events_per_second": round(made / max(seconds, 1e-3)),
    }
