"""`tierwise train --private-epsilon`: a model that gives no customer away, and what that costs."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from admin.learning.data import TrainingData, training_progress
from admin.shell.output import emit, fail
from scoring.folders.manifest import read_manifest
from settings import settings
from training.company import is_called
from training.configuration import Configuration
from training.course import HistoryTooShort
from training.private import fit
from training.private.promise import Promise
from training.private.secret import Secret

SENSELESS = (
    "backbone", "encoder", "documents", "text", "label", "members", "configuration", "pretrain", "label_share", "tower",
    "pictures", "picture_encoder", "method",
)  # fmt: skip
"""Options that would learn from customers without noise, or make another network than the private one."""


def promise_of(promised: Mapping[str, Any], given: Collection[str]) -> Promise:
    """Of fields that are not None; ends the command where options that were `given` make no sense in private."""
    if senseless := [f"--{name.replace('_', '-')}" for name in SENSELESS if name in given]:
        fail(f"{', '.join(senseless)}: not together with --private-epsilon, whose network learns with noise alone")
    if "as_of" not in given:
        fail("--as-of: give it with --private-epsilon, for the time of the last event tells of the customer behind it")
    if is_called():
        fail("torchrun: not together with --private-epsilon, for one process trains in private")
    try:
        return Promise(**{name: value for name, value in promised.items() if value is not None})
    except ValueError as refusal:
        fail(f"--private-{refusal}")


def train(
    data: TrainingData, items: pl.DataFrame | None, folder: Path, promise: Promise, *,
    usual: Configuration, seed: int, private_seed: int | None,
) -> dict[str, Any]:  # fmt: skip
    """Write the model; its manifest. `items` are public: those of a file of events were read out of orders."""
    secret = Secret.drawn() if private_seed is None else Secret.of(private_seed)
    try:
        with training_progress() as progress:
            training = data.training(usual, seed)
            training = replace(training, items=items, device=settings().device, progress=progress)
            fit.train(training, folder, promise, secret)
    except (HistoryTooShort, FileExistsError, ValueError) as refusal:
        fail(str(refusal))
    return read_manifest(folder)


def show(folder: Path, manifest: Mapping[str, Any], seconds: float, *, as_json: bool) -> None:
    """What was trained, what was promised, and the price."""
    privacy = manifest["privacy"]
    promised = {name: value for name, value in privacy.items() if name not in ("price", "covers")}
    trained = {"model_id": manifest["model_id"], "folder": str(folder), "as_of": manifest["as_of"]}
    trained |= {"customers": manifest["data"]["customers"], "seconds": seconds}
    if as_json:
        emit(trained | {"privacy": privacy}, as_json=True)
        return
    emit(trained | promised, as_json=False, title="Trained in private")
    price = [{"foretold by": name.replace("_", " "), **figures} for name, figures in privacy["price"].items()]
    emit(price, as_json=False, title="The price, on windows that no fit has seen")
    covers = [{"part": part, "": how} for part, how in privacy["covers"].items()]
    emit(covers, as_json=False, title="What the model folder tells of customers")
