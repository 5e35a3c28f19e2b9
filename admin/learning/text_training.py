"""`tierwise train --backbone text`: a language model that reads histories, or the texts of a file."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from admin.learning.curves import curves_of
from admin.learning.data import TrainingData, training_progress
from admin.learning.memory import peak_megabytes
from admin.shell.output import emit, fail
from events.files.reading import FileNotUsable
from scoring.adapters import Method
from settings import settings
from training.course import HistoryTooShort
from training.encoders.pretrained import EncoderRefused
from training.text import classifier_folder
from training.text.classifier import Taught, teach
from training.text.documents import DocumentsNotUsable, Parts, parts_of_file
from training.text.histories import parts_of_events
from training.text.recipe import Recipe
from training.text.steps import Diverged


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    configuration: Path | None
    encoder: str | None
    method: Method | None
    documents: Path | None
    text: list[str]
    label: str | None
    epochs: int | None
    """At most; None: as the recipe says."""
    seed: int
    out: Path | None


def train(asked: Asked, data: Callable[[], TrainingData], *, as_json: bool) -> None:
    """Teach who buys within the longest horizon from histories told as texts, or a label of a file of texts."""
    out = asked.out or settings().models / f"text-{datetime.now(UTC):%Y%m%d-%H%M%S}-{asked.seed}"
    if out.exists():
        fail(f"{out} exists: a model is never overwritten; name another folder")
    recipe = _recipe(asked)
    began, curves = time.monotonic(), curves_of(out.name)
    try:
        with training_progress() as progress:
            parts = _parts(asked, data)
            taught = teach(parts, recipe, seed=asked.seed, progress=progress, curves=curves, device=settings().device)
        classifier_folder.write(taught, parts, recipe, seed=asked.seed, folder=out)
    except (DocumentsNotUsable, EncoderRefused, FileNotUsable, HistoryTooShort, Diverged) as refusal:
        fail(str(refusal))
    finally:
        curves.close()
    _show(taught, parts, out, time.monotonic() - began, as_json=as_json)


def _recipe(asked: Asked) -> Recipe:
    chosen = {"encoder": asked.encoder, "method": asked.method, "epochs": asked.epochs}
    given = {name: value for name, value in chosen.items() if value is not None}
    if asked.configuration is None:
        return Recipe.from_json(given)
    try:
        read = json.loads(asked.configuration.read_bytes())
        if not isinstance(read, dict):
            raise ValueError("it has no fields")  # noqa: TRY004, TRY301  # said of a file
        return Recipe.from_json(read | given)
    except (OSError, ValueError) as error:
        fail(f'--configuration {asked.configuration}: {error}; give JSON as {{"tokens": 128, "batch": 16}}')


def _parts(asked: Asked, data: Callable[[], TrainingData]) -> Parts:
    if asked.documents is None:
        found = data()
        return parts_of_events(found.events, found.items, as_of=found.as_of, seed=asked.seed)
    if not asked.text or asked.label is None:
        fail("--documents needs --text and --label: the columns to read, and the one to tell")
    return parts_of_file(asked.documents, asked.text, asked.label, asked.seed)


def _show(taught: Taught, parts: Parts, out: Path, seconds: float, *, as_json: bool) -> None:
    summary = {
        "folder": str(out), "learned_from": len(parts.training), "trainable_share": taught.trainable_share,
        "peak_megabytes": peak_megabytes(), "split": parts.how, "left_out": "; ".join(parts.left_out) or None,
        "epochs": taught.epochs, "ngram_share": taught.classifier.share,
        "threshold": taught.classifier.line.threshold, "seconds": round(seconds, 1),
    }  # fmt: skip
    if as_json:
        reports = {
            part: {member: report.to_json() for member, report in found.items()}
            for part, found in taught.reports.items()
        }
        emit(summary | {"reports": reports}, as_json=True)
        return
    emit({name: value for name, value in summary.items() if value is not None}, as_json=False, title="Taught")
    for part, found in taught.reports.items():
        figures = [{"member": member, **report.figures} for member, report in found.items()]
        emit(figures, as_json=False, title=f"{part.capitalize()} part")
        last = list(found.values())[-1]
        emit([{"label": label, **row} for label, row in last.labels.items()], as_json=False, title="By label")
