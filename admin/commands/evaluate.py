"""`tierwise evaluate`: the model beside baselines, forward in time."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from admin.evaluation_page import page
from admin.output import emit, fail
from admin.training_data import AsJson, AsOf, DatabaseUrl, Events, Items, Preset, Seed, training_data, training_progress
from scoring.threads import limit_threads
from training.comparison import OURS, Interval
from training.configuration import Configuration
from training.course import HistoryTooShort
from training.evaluation import Evaluation
from training.evaluation import evaluate as evaluate_model

app = typer.Typer()


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
    report: Annotated[Path | None, typer.Option(help="HTML file to write, with pictures.", dir_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Fit on what was known 90 days before a time, and measure on those 90 days, beside simple predictors."""
    limit_threads()
    data = training_data(events, items, preset, database_url, as_of)
    try:
        with training_progress() as progress, tempfile.TemporaryDirectory() as checkpoints:
            found = evaluate_model(
                data.events, data.items, as_of=data.as_of, seed=seed, progress=progress,
                configuration=Configuration(members=members, max_epochs=epochs), checkpoints=Path(checkpoints),
            )  # fmt: skip
    except (HistoryTooShort, ValueError) as refusal:
        fail(str(refusal))
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(page(found))
    if as_json:
        emit(found.to_json(), as_json=True)
    else:
        _show(found)


def _show(found: Evaluation) -> None:
    told = found.to_json()
    title = f"{told['customers']:,} customers, 90 days from {found.cutoff:%Y-%m-%d}, {told['buy_rate']:.1%} bought"
    emit([{"predictor": name, **figures} for name, figures in told["figures"].items()], as_json=False, title=title)
    for name, intervals in told["differences"].items():
        emit(_written(intervals), as_json=False, title=f"Model minus {name}, 95 %")
    emit(_of_slices(found), as_json=False, title="By slice")
    emit(found.calibration, as_json=False, title="Calibration, by tenths of customers")


def _written(intervals: Mapping[str, Interval | None]) -> dict[str, str]:
    return {figure: "–" if each is None else f"{each[0]:+.4f} to {each[1]:+.4f}" for figure, each in intervals.items()}


def _of_slices(found: Evaluation) -> list[dict[str, object]]:
    """The model on each slice, a row for each question."""
    return [
        {
            "slice": name, "question": question, "customers": each.customers, "rate": each.mean,
            **each.figures[OURS], "near chance": "yes" if each.near_chance else "",
        }
        for name, products in found.slices.items()
        for question, each in (("purchase", products.purchase), ("churn", products.churn))
    ]  # fmt: skip
