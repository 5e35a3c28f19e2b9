"""`tierwise train`: events in, a model folder out."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from admin.learning import event_training
from admin.learning.data import AsOf, Events, Items, Preset, Seed, training_data
from admin.learning.extras import extra
from admin.learning.option_groups import given_of, refuse_ignored
from admin.learning.options import (
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
from admin.models import model_folders
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, fail
from admin.shell.transactions import changing
from campaigns.models import registry
from scoring.threads import limit_threads
from settings import settings
from training.configuration import Configuration

app = typer.Typer(add_completion=False)
USUAL = Configuration()


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
    given = given_of(context)
    promise = _promise(
        given, epsilon=private_epsilon, delta=private_delta, clipping=private_clipping, lot=private_lot,
        steps=private_steps,
    )  # fmt: skip
    refuse_ignored(given, texts=backbone is Backbone.TEXT)
    if backbone is Backbone.TEXT:
        language = extra("admin.learning.text_training")
        asked = language.Asked(
            configuration=configuration, encoder=encoder, method=method, documents=documents, text=text or [],
            label=label, epochs=epochs if "epochs" in given else None, seed=seed, out=out,
        )  # fmt: skip
        language.train(asked, lambda: training_data(events, items, preset, database_url, as_of), as_json=as_json)
        return
    data = training_data(events, items, preset, database_url, as_of)
    folder = out or settings().models / f"{data.as_of:%Y%m%d-%H%M%S}-{seed}"
    if promise is None:
        way: Any = event_training
        manifest = way.train(data, folder, event_training.Asked(
            configuration=configuration, members=members, epochs=epochs, pretrain=pretrain, label_share=label_share,
            tower=tower, pictures=pictures, picture_encoder=picture_encoder, method=method, seed=seed,
        ))  # fmt: skip
    else:
        way, usual = extra("admin.learning.private_training"), replace(USUAL, max_epochs=epochs)
        public = data.items if events is None or items is not None else None
        manifest = way.train(data, public, folder, promise, usual=usual, seed=seed, private_seed=private_seed)
    if manifest is None:
        return
    model_id = str(manifest["model_id"])
    if events is None or activate:
        _register(folder, manifest, database_url, model_id)
    way.show(folder, manifest, round(time.monotonic() - began, 1), as_json=as_json)
    if activate:
        _activate(database_url, model_id)


def _promise(given: list[str], **promised: float | None) -> Any:  # noqa: ANN401  # of an extra
    """None where nothing private was asked for."""
    if "private_epsilon" in given:
        return extra("admin.learning.private_training").promise_of(promised, given)
    if alone := [f"--{name.replace('_', '-')}" for name in given if name.startswith("private_")]:
        fail(f"{', '.join(alone)}: only with --private-epsilon; give it, as 4")
    return None


def _register(folder: Path, manifest: dict[str, object], database_url: str | None, model_id: str) -> None:
    name = registry.name(model_id)
    with changing(database_url, None, action="models.register", object_name=name) as (transaction, cause):
        registry.register(transaction, cause, model_id, folder=str(folder.resolve()), manifest=manifest)


def _activate(database_url: str | None, model_id: str) -> None:
    """A refusal leaves it known, so that it can be judged."""
    name = registry.name(model_id)
    with changing(database_url, None, action="models.activate", object_name=name) as (transaction, cause):
        registry.activate(transaction, cause, model_id, lost=model_folders.markets_lost(transaction, model_id))
