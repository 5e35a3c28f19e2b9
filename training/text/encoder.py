"""Encoders by Hugging Face id or local folder: configuration and safetensors are read, code never."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

CODE = (".py", ".pyc", ".so")
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".h5", ".msgpack")
SAFE = "*.safetensors"
disable_progress_bar()  # of reading and writing files; learning has a bar of its own


class EncoderRefused(ValueError):
    """The encoder is not there, or it is more than data."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """A transformers model with the tokenizer that belongs to it; both types are the library's."""

    model: Any
    tokenizer: Any


def load_encoder(name: str) -> Encoder:
    """The bare encoder, for vectors; EncoderRefused where it cannot be had as data only."""
    return _load(name, AutoModel.from_pretrained)


def load_classifier(name: str, labels: int) -> Encoder:
    """With a head for so many labels; a head that the folder has already is kept. EncoderRefused as above."""
    return _load(name, AutoModelForSequenceClassification.from_pretrained, num_labels=labels)


def refuse_code(folder: Path) -> None:
    """EncoderRefused if loading the folder could run anything: modules, mappings to modules, pickled weights."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in CODE:
            raise EncoderRefused(f"{path} is code; an encoder is configuration and weights only: take it out")
        if path.suffix == ".json" and _names_code(path):
            raise EncoderRefused(f"{path}: auto_map names code of the model's own, which is never run; use another one")
    pickled = [path for path in sorted(folder.rglob("*")) if path.suffix in PICKLED]
    if pickled and not any(folder.rglob(SAFE)):
        raise EncoderRefused(f"{pickled[0]} may hold code; save the weights as safetensors")


def _names_code(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(content, dict) and "auto_map" in content


def _load(name: str, load: Callable[..., Any], **options: object) -> Encoder:
    folder = Path(name)
    local = folder.is_dir()
    if local:
        refuse_code(folder)
    safe = {"trust_remote_code": False, "local_files_only": local}
    try:
        model = load(name, use_safetensors=True, **safe, **options)
        tokenizer = AutoTokenizer.from_pretrained(name, **safe)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise EncoderRefused(f"{name}: {_first_line(error)}") from error
    return Encoder(model, tokenizer)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
