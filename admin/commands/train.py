"""`tierwise train`: events in, a model folder out."""

import importlib
import json
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from admin.training_options import (
    Activate,
    Backbone,
    ConfigurationFile,
    Documents,
    Encoder,
    EncoderMethod,
    Epochs,
    LabelColumn,
    LabelShare,
    Members,
    Out,
    PictureEncoder,
    Pictures,
    Pretrain,
    PrivateClipping,
    PrivateDelta,
    PrivateEpsilon,
    PrivateLot,
    PrivateSeed,
    PrivateSteps,
    Reader,
    TextColumns,
    Tower,
)
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
USUAL = Configuration()
EXTRAS = {"opacus": ("privacy", "private models")}
"""Of a library that is not the text's or the pictures'."""


@app.command()
def train(
    context: typer.Context,
    *,
    events: Events = None,
    items: Items = None,
    preset: Preset = None,
    database_url: DatabaseUrl = None,
    as_of: AsOf = None,
    out: Out = None,
    seed: Seed = 0,
    members: Members = USUAL.members,
    epochs: Epochs = USUAL.max_epochs,
    activate: Activate = False,
    backbone: Reader = Backbone.EVENTS,
    encoder: Encoder = None,
    configuration: ConfigurationFile = None,
    pretrain: Pretrain = 0,
    label_share: LabelShare = 1.0,
    tower: Tower = None,
    pictures: Pictures = None,
    picture_encoder: PictureEncoder = None,
    method: EncoderMethod = None,
    documents: Documents = None,
    text: TextColumns = None,
    label: LabelColumn = None,
    private_epsilon: PrivateEpsilon = None,
    private_delta: PrivateDelta = None,
    private_clipping: PrivateClipping = None,
    private_lot: PrivateLot = None,
    private_steps: PrivateSteps = None,
    private_seed: PrivateSeed = None,
    as_json: AsJson = False,
) -> None:
    """Train the network on what was known at a time. A killed run resumes when it is started again.

    A model trained on the database's events is made known to it; `tierwise models activate` lets it answer.
    Under torchrun, processes learn one model together, a GPU each; the first of them writes and prints.
    With --backbone text a language model learns who buys from histories told as texts, or a label of --documents.
    With --private-epsilon the network learns in private, and what that costs is printed.
    """
    began = time.monotonic()
    limit_threads()
    promise = _promise(
        context, epsilon=private_epsilon, delta=private_delta, clipping=private_clipping, lot=private_lot,
        steps=private_steps,
    )  # fmt: skip
    if backbone is Backbone.TEXT:
        language = _extra("admin.text_training")
        asked = language.Asked(
            encoder=encoder, method=method or Method.FULL, documents=documents, text=text or [], label=label,
            epochs=epochs, seed=seed, out=out,
        )  # fmt: skip
        language.train(asked, lambda: training_data(events, items, preset, database_url, as_of), as_json=as_json)
        return
    data = training_data(events, items, preset, database_url, as_of)
    folder = out or settings().models / f"{data.as_of:%Y%m%d-%H%M%S}-{seed}"
    if promise is not None:
        private, usual = _extra("admin.private_training"), replace(USUAL, max_epochs=epochs)
        public = data.items if events is None or items is not None else None
        manifest = private.train(
            data, public, folder, promise, usual=usual, seed=seed, private_seed=private_seed
        )  # fmt: skip
        if events is None or activate:
            _register(folder, manifest, database_url, activate=activate)
        private.show(folder, manifest, round(time.monotonic() - began, 1), as_json=as_json)
        return
    encoders, told_by = _item_encoders(data, seed, tower, method, pictures, picture_encoder)
    chosen = replace(
        _configuration(configuration), members=members, max_epochs=epochs, pretrain_epochs=pretrain,
        label_share=label_share, item_encoders=told_by,
    )  # fmt: skip
    if not _train(data, folder, chosen, seed, encoders):
        return
    manifest = read_manifest(folder)
    if events is None or activate:
        _register(folder, manifest, database_url, activate=activate)
    summary = _summary(folder, manifest) | {"seconds": round(time.monotonic() - began, 1)} | manifest["metrics"]
    emit(summary, as_json=as_json, title="Trained, with figures of the rehearsal")


def _promise(context: typer.Context, **promised: float | None) -> Any:  # noqa: ANN401  # of an extra
    """None where nothing private was asked for."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    if "private_epsilon" in given:
        return _extra("admin.private_training").promise_of(promised, given)
    if alone := [f"--{name.replace('_', '-')}" for name in given if name.startswith("private_")]:
        fail(f"{', '.join(alone)}: only with --private-epsilon; give it, as 4")
    return None


def _item_encoders(
    data: TrainingData, seed: int, tower: str | None, method: Method | None, pictures: Path | None,
    picture_encoder: str | None,
) -> tuple[ItemEncoders, str | None]:  # fmt: skip
    """With what the configuration says of them; none without their options."""
    if not (tower or pictures or picture_encoder):
        return {}, None
    encoders, told_by = _extra("admin.item_encoders").item_encoders(
        data, seed, tower=tower, method=method, pictures=pictures, picture_encoder=picture_encoder
    )
    return encoders, told_by


def _configuration(path: Path | None) -> Configuration:
    if path is None:
        return USUAL
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
        library = str(error.name).partition(".")[0]
        extra, what = EXTRAS.get(library, ("training", "models of texts and pictures"))
        fail(f"{library} is not installed: {what} need `pip install tierwise[{extra}]`")


def _summary(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    return {
        "model_id": manifest["model_id"], "folder": str(folder), "as_of": manifest["as_of"],
        "events": manifest["data"]["events"], "customers": manifest["data"]["customers"],
        "epochs": manifest["split"]["epochs"],
    }  # fmt: skip


def _register(folder: Path, manifest: dict[str, object], database_url: str | None, *, activate: bool) -> None:
    model_id = str(manifest["model_id"])
    about = f"models/{model_id}"
    with changing(database_url, None, action="models.register", object_name=about) as (transaction, cause):
        registry.register(transaction, cause, model_id, folder=str(folder.resolve()), manifest=manifest)
        if activate:
            registry.activate(transaction, cause, model_id)
