"""`tierwise tune`: search for the configuration to train with."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from admin.files.result_files import writable
from admin.learning.curves import curves_of
from admin.learning.data import AsOf, Events, Items, Preset, Seed, training_data, training_progress
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from scoring.threads import limit_threads
from scoring.whole_file import whole_file
from settings import settings
from training.configuration import Configuration
from training.course import HistoryTooShort, course_of
from training.tuning import tune as search

app = typer.Typer(add_completion=False)


@app.command()
def tune(
    *,
    events: Events = None,
    items: Items = None,
    preset: Preset = None,
    database_url: DatabaseUrl = None,
    as_of: AsOf = None,
    trials: Annotated[int, typer.Option(min=1, help="To end, those of earlier runs of the study counted.")] = 20,
    epochs: Annotated[int, typer.Option(min=1, help="Of each trial, at most.")] = Configuration().max_epochs,
    study: Annotated[Path, typer.Option(help="File of the study: the same one goes on where it was.", dir_okay=False)],
    out: Annotated[
        Path, typer.Option(help="JSON for `tierwise train --configuration`.", dir_okay=False, callback=writable)
    ],
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Try configurations forward in time, end the hopeless ones early, and write the best."""
    began = time.monotonic()
    limit_threads()
    data = training_data(events, items, preset, database_url, as_of)
    curves = curves_of(study.stem)
    try:
        training = data.training(Configuration(max_epochs=epochs), seed)
        course = course_of(replace(training, device=settings().device, curves=curves), checkpoints=None)
        with training_progress() as progress:
            found = search(course, fingerprint=training.fingerprint, trials=trials, study=study, progress=progress)
    except (HistoryTooShort, ValueError) as refusal:
        fail(str(refusal))
    finally:
        curves.close()
    with whole_file(out) as unfinished:
        unfinished.write_text(json.dumps(found.configuration.to_json(), indent=1))
    summary = {
        "out": str(out), "loss": found.loss, "default_loss": found.default_loss, "trials": found.trials,
        "pruned": found.pruned, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    emit(summary, as_json=as_json, title="Best configuration")
