"""`tierwise evaluate`: the model beside baselines, forward in time."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from admin.output import emit, fail
from admin.training_data import AsJson, AsOf, DatabaseUrl, Events, Items, Preset, Seed, training_data, training_progress
from scoring.threads import limit_threads
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
    if as_json:
        emit(found.to_json(), as_json=True)
    else:
        _show(found)


def _show(found: Evaluation) -> None:
    title = f"{found.customers:,} customers, 90 days from {found.cutoff:%Y-%m-%d}, {found.buy_rate:.1%} bought"
    figures = [{"predictor": name, **figures} for name, figures in found.figures.items()]
    emit(figures, as_json=False, title=title)
    for name, intervals in found.differences.items():
        words = {figure: f"{low:+.4f} to {high:+.4f}" for figure, (low, high) in intervals.items()}
        emit(words, as_json=False, title=f"Model minus {name}, 95 %")
    emit(found.calibration, as_json=False, title="Calibration, by tenths of customers")
