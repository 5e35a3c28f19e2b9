"""Encoders of others, by Hugging Face id or local folder: configuration and safetensors are read, code never."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import save
from transformers.utils.logging import disable_progress_bar

CODE = (".py", ".pyc", ".so")
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".h5", ".msgpack")
SAFE = "*.safetensors"
disable_progress_bar()  # of reading and writing files; learning has a bar of its own


class EncoderRefused(ValueError):
    """The encoder is not there, or it is more than data."""


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


def loaded(name: str, model: Callable[..., Any], reader: Callable[..., Any], **options: object) -> tuple[Any, Any]:
    """The model by `model`, with the tokenizer or image processor that belongs to it, by `reader`.

    Raises EncoderRefused where they cannot be had as data only.
    """
    folder = Path(name)
    local = folder.is_dir()
    if local:
        refuse_code(folder)
    safe = {"trust_remote_code": False, "local_files_only": local}
    try:
        return model(name, use_safetensors=True, **safe, **options), reader(name, **safe)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise EncoderRefused(f"{name}: {_first_line(error)}") from error


def fingerprint(model: Any, *read_by: str) -> str:  # noqa: ANN401  # the library's own type
    """Of weights, and of how what they see is read: another encoder has vectors of its own."""
    weights = {name: tensor.clone() for name, tensor in sorted(model.state_dict().items())}
    found = hashlib.sha256(save(weights))
    for how in read_by:
        found.update(how.encode())
    return found.hexdigest()[:24]


def _names_code(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(content, dict) and "auto_map" in content


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
