"""Encoders of others, by Hugging Face id or local folder: configuration and safetensors are read, code never."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

CODE = (".py", ".pyc", ".so")
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".h5", ".msgpack")
SAFE = "*.safetensors"
PRECISION = torch.float32
"""Whatever the weights were saved in: steps of learning are lost, or become NaN, in half of it."""
disable_progress_bar()  # of reading and writing files; learning has a bar of its own
set_verbosity_error()  # which weights are missing is judged below


class EncoderRefused(ValueError):
    """The encoder is not there, or it is more than data."""


def refuse_code(folder: Path) -> None:
    """EncoderRefused if loading the folder could run anything: modules, mappings to modules, pickled weights."""
    if not folder.is_dir():
        raise EncoderRefused(f"{folder} is a file; name the folder of an encoder, or its Hugging Face id")
    for path in sorted(folder.rglob("*")):
        if path.suffix in CODE:
            raise EncoderRefused(f"{path} is code; an encoder is configuration and weights only: take it out")
        if path.suffix == ".json" and _names_code(path):
            raise EncoderRefused(f"{path}: auto_map names code of the model's own, which is never run; use another one")
    pickled = [path for path in sorted(folder.rglob("*")) if path.suffix in PICKLED]
    if pickled and not any(folder.rglob(SAFE)):
        raise EncoderRefused(f"{pickled[0]} may hold code; save the weights as safetensors")


def loaded(
    name: str, model: Callable[..., Any], reader: Callable[..., Any], *, new_head: bool = False, **options: object
) -> tuple[Any, Any]:
    """The model by `model`, with the tokenizer or image processor that belongs to it, by `reader`.

    With `new_head` what stands on top of the body may be missing, or be of other labels: it is drawn at random then.
    Raises EncoderRefused where they cannot be had as data only.
    """
    folder = Path(name)
    local = folder.exists()
    if local:
        refuse_code(folder)
    safe = {"trust_remote_code": False, "local_files_only": local}
    how = {"use_safetensors": True, "dtype": PRECISION, "output_loading_info": True, "ignore_mismatched_sizes": True}
    try:
        found, told = model(name, **how, **safe, **options)
        read_by = reader(name, **safe)
    except Exception as error:  # files of others may be wrong in any way
        raise EncoderRefused(f"{name}: {_first_line(error)}") from error
    if lacking := sorted(key for key in _drawn(told) if not _may_be_drawn(found, key, new_head=new_head)):
        raise EncoderRefused(
            f"{name}: its weights are not those of its configuration: {len(lacking):,} are missing or of another size, "
            f"such as {lacking[0]}; use another one"
        )
    return found, read_by


def _drawn(told: dict[str, Any]) -> set[str]:
    """Weights that were not in the file, or not in this size: what stands there is random."""
    return {*told["missing_keys"], *(key for key, *_ in told["mismatched_keys"])}


def _may_be_drawn(model: Any, key: str, *, new_head: bool) -> bool:  # noqa: ANN401  # the library's own type
    """A pooler is often not among published weights; the rest of a body always is."""
    headed = model.base_model is not model
    return "pooler" in key or (new_head and headed and not key.startswith(f"{model.base_model_prefix}."))


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
