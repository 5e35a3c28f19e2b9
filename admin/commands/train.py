"""`tierwise train`: events in, a model folder out."""

import time
from pathlib import Path
from typing import Annotated

import typer

from admin.output import emit, fail
from admin.training_data import (
    AsJson,
    AsOf,
    DatabaseUrl,
    Events,
    Items,
    Preset,
    Seed,
    TrainingData,
    training_data,
    training_progress,
)  # fmt: skip
from admin.transactions import changing
from campaigns import registry
from scoring.folder import read_manifest
from scoring.threads import limit_threads
from settings import settings
from training.configuration import Configuration
from training.course import HistoryTooShort
from training.fit import train as train_model

app = typer.Typer()


@app.command()
def train(
    *,
    events: Events = None,
    items: Items = None,
    preset: Preset = None,
    database_url: DatabaseUrl = None,
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="New folder; default: below TIERWISE_HOME, named by its id.")] = None,
    seed: Seed = 0,
    members: Annotated[int, typer.Option(min=1, help="Networks whose answers are averaged.")] = Configuration().members,
    epochs: Annotated[int, typer.Option(min=1, help="At most.")] = Configuration().max_epochs,
    activate: Annotated[bool, typer.Option(help="Let the model answer from now on.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train the network on what was known at a time. A killed run resumes when it is started again.

    A model trained on the database's events is made known to it; `tierwise models activate` lets it answer.
    """
    began = time.monotonic()
    limit_threads()
    data = training_data(events, items, preset, database_url, as_of)
    folder = out or settings().models / f"{data.as_of:%Y%m%d-%H%M%S}-{seed}"
    _train(data, folder, Configuration(members=members, max_epochs=epochs), seed)
    manifest = read_manifest(folder)
    if events is None or activate:
        _register(folder, manifest, database_url, activate=activate)
    summary = {
        "model_id": manifest["model_id"],
        "folder": str(folder),
        "as_of": manifest["as_of"],
        "events": manifest["data"]["events"],
        "customers": manifest["data"]["customers"],
        "epochs": manifest["split"]["epochs"],
        "seconds": round(time.monotonic() - began, 1),
    }
    emit(summary | manifest["metrics"], as_json=as_json, title="Trained, with figures of the rehearsal")


def _train(data: TrainingData, folder: Path, configuration: Configuration, seed: int) -> None:
    try:
        with training_progress() as progress:
            train_model(
                data.events, data.items, as_of=data.as_of, out=folder, configuration=configuration, seed=seed,
                device=settings().device, progress=progress,
            )  # fmt: skip
    except (HistoryTooShort, FileExistsError, ValueError) as refusal:
        fail(str(refusal))


def _register(folder: Path, manifest: dict[str, object], database_url: str | None, *, activate: bool) -> None:
    model_id = str(manifest["model_id"])
    about = f"models/{model_id}"
    with changing(database_url, None, action="models.register", object_name=about) as (transaction, cause):
        registry.register(transaction, cause, model_id, folder=str(folder.resolve()), manifest=manifest)
        if activate:
            registry.activate(transaction, cause, model_id)
