"""A taught classifier as a folder: the encoder as the library writes it, the n-grams, and what they came from."""

import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from scoring.whole_file import whole_folder
from training.encoders.pretrained import EncoderRefused
from training.text.classifier import Classifier, Taught
from training.text.documents import Parts
from training.text.encoder import load_classifier
from training.text.line import Line
from training.text.ngrams import Ngrams
from training.text.recipe import CLASSIFIER, Recipe

ENCODER, WORDS, WEIGHTS = "encoder", "ngrams.json", "ngrams.safetensors"
FORMAT = 2


def write(taught: Taught, parts: Parts, recipe: Recipe, *, seed: int, folder: Path) -> Path:
    """Whole, or not at all. Raises FileExistsError if the folder is there already, NotWritten."""
    with whole_folder(folder) as unfinished:
        _write_files(taught, parts, recipe, seed, unfinished)
    return folder


def read(folder: Path, device: str = "cpu") -> Classifier:
    """Load a folder and run nothing in it; EncoderRefused where it is not what `write` wrote."""
    try:
        manifest = json.loads((folder / CLASSIFIER).read_bytes())
        if manifest["format"] != FORMAT:
            raise EncoderRefused(f"{folder}: format is {manifest['format']!r}, this version reads {FORMAT}")
        ngrams = _read_ngrams(folder) if (folder / WORDS).exists() else None
        names = tuple(map(str, manifest["names"]))
        return Classifier(
            encoder=load_classifier(str(folder / ENCODER), len(names), device),
            tokens=int(manifest["recipe"]["tokens"]), ngrams=ngrams, share=float(manifest["share"]), names=names,
            line=Line(np.array(manifest["line"], dtype=np.float64)), columns=tuple(manifest.get("columns", ())),
        )  # fmt: skip
    except FileNotFoundError as error:
        raise EncoderRefused(f"{folder} is not a classifier's folder: {error.filename} is missing") from error
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        if isinstance(error, EncoderRefused):
            raise
        raise EncoderRefused(f"{folder}: its parts do not fit together ({error}); train it again") from error


def _write_files(taught: Taught, parts: Parts, recipe: Recipe, seed: int, folder: Path) -> None:
    classifier = taught.classifier
    classifier.encoder.model.save_pretrained(folder / ENCODER)
    classifier.encoder.tokenizer.save_pretrained(folder / ENCODER)
    if classifier.ngrams is not None:
        (folder / WORDS).write_text(json.dumps(classifier.ngrams.to_json()))
        save_file({"frequency": classifier.ngrams.frequency, "weight": classifier.ngrams.weight}, folder / WEIGHTS)
    manifest: dict[str, Any] = {
        "format": FORMAT, "code_version": version("tierwise"), "seed": seed, "recipe": recipe.to_json(),
        "names": list(classifier.names), "share": classifier.share, "line": classifier.line.offsets.tolist(),
        "split": {
            "how": parts.how, "training": len(parts.training), "validation": len(parts.validation),
            "test": len(parts.test),
        },
        "columns": list(parts.columns),
        "epochs": taught.epochs,
        "trainable_share": taught.trainable_share,
        "reports": {
            part: {member: asdict(report) for member, report in found.items()}
            for part, found in taught.reports.items()
        },
    }  # fmt: skip
    (folder / CLASSIFIER).write_text(json.dumps(manifest, indent=1))


def _read_ngrams(folder: Path) -> Ngrams:
    arrays = load_file(folder / WEIGHTS)
    words = json.loads((folder / WORDS).read_bytes())
    return Ngrams.from_parts(words, arrays["frequency"].astype(np.float64), arrays["weight"].astype(np.float64))
