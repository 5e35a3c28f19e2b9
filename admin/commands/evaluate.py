"""`tierwise evaluate`: the model beside baselines, forward in time."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from admin.files.result_files import writable
from admin.learning.data import AsOf, Events, Items, Preset, Seed, training_data, training_progress
from admin.learning.strays import tell_strays
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from admin.web.evaluation_page import page
from events.files.cells import text_of
from events.files.reading import FileNotUsable, table
from scoring.threads import limit_threads
from scoring.whole_file import whole_file
from training.configuration import Configuration
from training.course import HistoryTooShort
from training.evaluating.comparison import OURS, Interval
from training.evaluating.evaluation import Evaluation
from training.evaluating.evaluation import evaluate as evaluate_model

CUSTOMER = "customer_id"
app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    *,
    events: Events = None,
    items: Items = None,
    preset: Preset = None,
    database_url: DatabaseUrl = None,
    as_of: AsOf = None,
    seed: Seed = 0,
    members: Annotated[int, typer.Option(min=1, help="Networks whose answers are averaged.")] = Configuration().members,
    epochs: Annotated[int, typer.Option(min=1, help="At most.")] = Configuration().max_epochs,
    report: Annotated[
        Path | None, typer.Option(help="HTML file to write, with pictures.", dir_okay=False, callback=writable)
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Compare groups of customers by this attribute.")
    ] = None,
    customers: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file with customer_id and that column; default: --events.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit on what was known 90 days before a time, and measure on those 90 days, beside simple predictors."""
    limit_threads()
    data = training_data(events, items, preset, database_url, as_of)
    attribute = None if by is None else _attribute(by, data.customers if customers is None else _table(customers))
    try:
        with training_progress() as progress, tempfile.TemporaryDirectory() as checkpoints:
            configuration = Configuration(members=members, max_epochs=epochs)
            training = replace(data.training(configuration, seed), progress=progress)
            found = evaluate_model(training, Path(checkpoints), attribute)
    except (HistoryTooShort, ValueError) as refusal:
        fail(str(refusal))
    tell_strays(found.strays, found.records_begin)
    if report is not None:
        with whole_file(report) as unfinished:
            unfinished.write_text(page(found, by=by), encoding="utf-8")
    if as_json:
        emit(found.to_json(), as_json=True)
    else:
        _show(found)


def _table(path: Path) -> pl.DataFrame:
    try:
        return table(path)
    except FileNotUsable as refusal:
        fail(f"--customers: {refusal}")


def _attribute(column: str, frame: pl.DataFrame) -> dict[str, str]:
    """Customer to value, of those who have one."""
    if missing := sorted({CUSTOMER, column} - set(frame.columns)):
        fail(f"--by: there is no column {', '.join(missing)}; there are {', '.join(frame.columns)}")
    if frame[column].dtype.is_nested():
        fail(f"--by: {column} holds lists; name a column of single values")
    known = frame.select(text_of(CUSTOMER, frame.schema[CUSTOMER]), pl.col(column).cast(pl.String)).drop_nulls()
    return dict(known.unique(CUSTOMER, keep="last").iter_rows())


def _show(found: Evaluation) -> None:
    told = found.to_json()
    title = f"{told['customers']:,} customers, 90 days from {found.cutoff:%Y-%m-%d}, {told['buy_rate']:.1%} bought"
    title += "" if found.everybody.purchase.telling else "; too few to say which predictor is ahead"
    emit([{"predictor": name, **figures} for name, figures in told["figures"].items()], as_json=False, title=title)
    show_apart(told["differences"], "Model minus")
    counts = found.orders
    emit(
        [{"predictor": name, **figures} for name, figures in told["orders"]["figures"].items()],
        as_json=False,
        title=f"Number of orders, {counts.mean:.2f} on average",
    )
    show_apart(told["orders"]["differences"], "Orders: model minus")
    emit(_of_slices(found), as_json=False, title="By slice")
    if found.groups:
        rows = [
            {"group": group.name, "customers": group.selection.customers, **group.figures} for group in found.groups
        ]
        emit(rows, as_json=False, title="By group")
        emit(told["disparity"], as_json=False, title="Groups beside each other")
    emit(found.calibration, as_json=False, title="Calibration, by tenths of customers")
    emit(found.bands, as_json=False, title="Bands of spend: share that held what came, and what is due")


def show_apart(differences: Mapping[str, Mapping[str, Interval | None]], title: str) -> None:
    """Of each baseline, where anything is known."""
    for name, intervals in differences.items():
        if any(intervals.values()):
            emit(_written(intervals), as_json=False, title=f"{title} {name}, 95 %")


def _written(intervals: Mapping[str, Interval | None]) -> dict[str, str]:
    return {figure: "–" if each is None else f"{each[0]:+.4f} to {each[1]:+.4f}" for figure, each in intervals.items()}


def _of_slices(found: Evaluation) -> list[dict[str, object]]:
    """The model on each slice, a row for each question."""
    return [
        {
            "slice": name, "question": question, "customers": each.customers, "rate": each.mean,
            **each.figures[OURS],
            "near chance": ("yes" if each.near_chance else "") if each.telling else "too few",
        }
        for name, products in found.slices.items()
        for question, each in (("purchase", products.purchase), ("churn", products.churn))
    ]  # fmt: skip
