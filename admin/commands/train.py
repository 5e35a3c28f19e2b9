"""`tierwise train`: events in, a model folder out."""

import importlib
import json
import time
from contextlib import nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.output import emit, fail
from admin.training_curves import curves_of
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
from campaigns.models import registry
from scoring.adapters import Method
from scoring.folder import read_manifest
from scoring.threads import limit_threads
from settings import settings
from training.company import Company
from training.configuration import Configuration
from training.course import HistoryTooShort
from training.curves import NOWHERE
from training.fit import silence
from training.fit import train as train_model
from training.item_encoding import ItemEncoders

app = typer.Typer()


class Backbone(StrEnum):
    """What reads a history."""

    EVENTS = "events"
    TEXT = "text"


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
    backbone: Annotated[
        Backbone, typer.Option(help="events: the network that answers; text: a language model, beside it.")
    ] = Backbone.EVENTS,
    encoder: Annotated[
        str | None, typer.Option(help="With text: a Hugging Face id or a local folder; default: made from nothing.")
    ] = None,
    configuration: Annotated[
        Path | None, typer.Option(help="JSON that `tierwise tune` wrote; other options come on top of it.")
    ] = None,
    pretrain: Annotated[int, typer.Option(min=0, help="Epochs over actions without labels, before labels.")] = 0,
    label_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of the customers whose windows are learned from.")
    ] = 1.0,
    tower: Annotated[
        str | None,
        typer.Option(help="Encoder of item texts for the network: a Hugging Face id, a local folder, or scratch."),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of item pictures, each named by its item: A-12.jpg, .png or .webp.")
    ] = None,
    picture_encoder: Annotated[
        str | None, typer.Option(help="What reads them: a Hugging Face id or a local folder of a vision model.")
    ] = None,
    method: Annotated[
        Method | None, typer.Option(help="How much of an encoder learns: the whole with text, nothing with --tower.")
    ] = None,
    documents: Annotated[
        Path | None, typer.Option(help="With text: CSV or Parquet of texts, in the place of histories.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="Column of --documents to read; may be repeated.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of --documents to tell, of two values.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train the network on what was known at a time. A killed run resumes when it is started again.

    A model trained on the database's events is made known to it; `tierwise models activate` lets it answer.
    Under torchrun, processes learn one model together, a GPU each; the first of them writes and prints.
    With --backbone text a language model learns who buys from histories told as texts, or a label of --documents.
    """
    began = time.monotonic()
    limit_threads()
    if backbone is Backbone.TEXT:
        language = _extra("admin.text_training")
        asked = language.Asked(
            encoder=encoder,
            method=method or Method.FULL,
            documents=documents,
            text=text or [],
            label=label,
            epochs=epochs,
            seed=seed,
            out=out,
        )
        language.train(asked, lambda: training_data(events, items, preset, database_url, as_of), as_json=as_json)
        return
    data = training_data(events, items, preset, database_url, as_of)
    folder = out or settings().models / f"{data.as_of:%Y%m%d-%H%M%S}-{seed}"
    encoders: ItemEncoders = {}
    told_by = None
    if tower or pictures or picture_encoder:
        encoders, told_by = _extra("admin.item_encoders").item_encoders(
            data, seed, tower=tower, method=method, pictures=pictures, picture_encoder=picture_encoder
        )
    chosen = replace(
        _configuration(configuration),
        members=members,
        max_epochs=epochs,
        pretrain_epochs=pretrain,
        label_share=label_share,
        item_encoders=told_by,
    )
    if not _train(data, folder, chosen, seed, encoders):
        return
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


def _configuration(path: Path | None) -> Configuration:
    if path is None:
        return Configuration()
    try:
        return Configuration.from_json(json.loads(path.read_bytes()))
    except (OSError, TypeError, ValueError) as error:
        fail(f"--configuration {path}: {error}; give a file that `tierwise tune` wrote")


def _train(data: TrainingData, folder: Path, configuration: Configuration, seed: int, encoders: ItemEncoders) -> bool:
    """Whether this process speaks for those that trained together."""
    device = settings().device
    company = Company.joined(device)
    curves = curves_of(folder.name) if company.leads else NOWHERE
    try:
        with training_progress() if company.leads else nullcontext(silence) as progress:
            train_model(
                data.events, data.items, as_of=data.as_of, out=folder, configuration=configuration, seed=seed,
                device=company.device(device), progress=progress, encoders=encoders, curves=curves, company=company,
            )  # fmt: skip
    except (HistoryTooShort, FileExistsError, ValueError) as refusal:
        fail(str(refusal))
    finally:
        curves.close()
        company.leave()
    return company.leads


def _extra(module: str) -> Any:  # noqa: ANN401  # a module
    """Imported when it is asked for: its libraries take seconds, and need not be there to train on events."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        fail(f"{error.name} is not installed: models of texts and pictures need `pip install tierwise[training]`")


def _register(folder: Path, manifest: dict[str, object], database_url: str | None, *, activate: bool) -> None:
    model_id = str(manifest["model_id"])
    about = f"models/{model_id}"
    with changing(database_url, None, action="models.register", object_name=about) as (transaction, cause):
        registry.register(transaction, cause, model_id, folder=str(folder.resolve()), manifest=manifest)
        if activate:
            registry.activate(transaction, cause, model_id)
