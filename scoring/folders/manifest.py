"""What a model folder says of itself, and whether it is whole; needs no tensors, so doors can ask it at once."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scoring.score import ModelRejected

MANIFEST = "manifest.json"
FORMAT = 5
"""Of the folder; raised when an older reader would misread it."""


def check_whole(folder: Path, model_id: str, registered: Mapping[str, Any]) -> None:
    """Raises ModelRejected where a file is missing or altered, or the folder is of another model or format."""
    manifest = read_manifest(folder)
    check_registered(folder, manifest, registered)
    if manifest["model_id"] != model_id:
        raise ModelRejected(f"{folder} holds {manifest['model_id']}, not {model_id}")
    for name in manifest["files"]:
        checked(folder, name, manifest)


def check_registered(folder: Path, manifest: Mapping[str, Any], registered: Mapping[str, Any]) -> None:
    """Whoever can write to the folder cannot change who answers. Raises ModelRejected."""
    others = sorted(name for name, said in registered.items() if manifest.get(name) != said)
    if others:
        raise ModelRejected(
            f"{folder / MANIFEST} says something else of {', '.join(others)} than when the model was registered; copy "
            "the folder again, or train another model"
        )


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a model folder, checked for its format only."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(content_of(path))
    except FileNotFoundError as error:
        raise ModelRejected(
            f"{path} is missing: {folder} is not a model folder; give one that `tierwise train` wrote"
            if folder.exists()
            else f"{folder} is not on this machine: give a folder that `tierwise train` wrote, seen by all who use it"
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelRejected(f"{path} is not JSON ({error}); copy the folder again or train it again") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ModelRejected(f"{path}: format is {found!r}, this version reads {FORMAT}; train the model again")
    return manifest


def checked(folder: Path, name: str, manifest: Mapping[str, Any]) -> bytes:
    """A file that the manifest names, as it was written. Raises ModelRejected."""
    path = folder / name
    try:
        content = content_of(path)
    except FileNotFoundError as error:
        raise ModelRejected(f"{path} is missing; copy the folder again or train it again") from error
    if digest(content) != manifest["files"][name]:
        raise ModelRejected(f"{path} is not the file that the manifest names (SHA-256 differs); copy the folder again")
    return content


def content_of(path: Path) -> bytes:
    """Of a file; a device or a pipe may never end. Raises ModelRejected, OSError."""
    if path.exists() and not path.is_file():
        raise ModelRejected(f"{path} is no file; copy the folder again or train it again")
    return path.read_bytes()


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimals."""
    return hashlib.sha256(content).hexdigest()
