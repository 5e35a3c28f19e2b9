"""`tierwise train` on events: the network that answers, by one process or by several that learn together."""

import json
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from admin.learning.curves import curves_of
from admin.learning.data import TrainingData, training_progress
from admin.learning.extras import extra
from admin.learning.strays import tell_strays_of
from admin.shell.output import emit, fail
from scoring.adapters import Method
from scoring.folders.manifest import read_manifest
from settings import settings
from training.company import Company
from training.configuration import Configuration
from training.course import HistoryTooShort
from training.curves.curves import NOWHERE
from training.encoders.item_encoding import ItemEncoders
from training.fit import train as train_model
from training.progress import silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Options."""

    configuration: Path | None
    members: int
    epochs: int
    pretrain: int
    label_share: float
    tower: str | None
    pictures: Path | None
    picture_encoder: str | None
    method: Method | None
    seed: int


def train(data: TrainingData, folder: Path, asked: Asked) -> dict[str, Any] | None:
    """Write the model; its manifest, or None where another process speaks for those that trained together."""
    encoders, told_by = _item_encoders(data, asked)
    configuration = replace(
        _configuration(asked.configuration), members=asked.members, max_epochs=asked.epochs,
        pretrain_epochs=asked.pretrain, label_share=asked.label_share, item_encoders=told_by,
    )  # fmt: skip
    return read_manifest(folder) if _train(data, folder, configuration, asked.seed, encoders) else None


def show(folder: Path, manifest: dict[str, Any], seconds: float, *, as_json: bool) -> None:
    """What was trained, and how it rehearsed."""
    tell_strays_of(manifest)
    summary = {
        "model_id": manifest["model_id"], "folder": str(folder), "as_of": manifest["as_of"],
        "events": manifest["data"]["events"], "customers": manifest["data"]["customers"],
        "epochs": manifest["split"]["epochs"], "seconds": seconds,
    }  # fmt: skip
    emit(summary | manifest["metrics"], as_json=as_json, title="Trained, with figures of the rehearsal")


def _item_encoders(data: TrainingData, asked: Asked) -> tuple[ItemEncoders, str | None]:
    """With what the configuration says of them; none without their options."""
    if not (asked.tower or asked.pictures or asked.picture_encoder):
        return {}, None
    encoders, told_by = extra("admin.learning.item_encoders").item_encoders(
        data, asked.seed, tower=asked.tower, method=asked.method, pictures=asked.pictures,
        picture_encoder=asked.picture_encoder,
    )  # fmt: skip
    return encoders, told_by


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
            training = replace(
                data.training(configuration, seed), device=company.device(device), progress=progress,
                encoders=encoders, curves=curves, company=company,
            )  # fmt: skip
            train_model(training, folder)
    except (HistoryTooShort, FileExistsError, ValueError) as refusal:
        fail(str(refusal))
    finally:
        curves.close()
        company.leave()
    return company.leads
