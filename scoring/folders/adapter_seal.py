"""Whether the file of an adapter is the one that was written; needs no tensors, so doors can ask at once.

Adapters come, change and go while a model answers, so no manifest names them: each says itself what it holds.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scoring.folders.manifest import content_of
from scoring.folders.market_files import adapters_of
from scoring.score import ModelRejected

ABOUT, SEAL = "__metadata__", "sha256"
AGAIN = "copy it again, or teach it again (tierwise adapt)"
LENGTH = 8
"""Bytes before the head of safetensors, which say how long it is."""


def seal_of(content: bytes) -> str:
    """SHA-256 over the numbers of safetensors and what is said of them, but for the seal. Raises ValueError."""
    head, numbers = _parts(content)
    head.get(ABOUT, {}).pop(SEAL, None)
    digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
    digest.update(numbers)
    return digest.hexdigest()


def check_sealed(path: Path) -> Mapping[str, str]:
    """What is said of its numbers. Raises ModelRejected for a file that was cut off or changed after it was written."""
    try:
        content = content_of(path)
    except FileNotFoundError as error:
        raise ModelRejected(f"{path} is missing") from error
    try:
        about: Mapping[str, str] = _parts(content)[0][ABOUT]
        whole = about[SEAL] == seal_of(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelRejected(f"{path} is not an adapter; {AGAIN}") from error
    if not whole:
        raise ModelRejected(f"{path} is not the file that was written (SHA-256 differs); {AGAIN}")
    return about


def check_adapters(folder: Path, model_id: str) -> None:
    """The same of all adapters in the folder of a model, and for one of another market or model."""
    for path in adapters_of(folder):
        about = check_sealed(path)
        if (about.get("market"), about.get("base")) != (path.stem, model_id):
            raise ModelRejected(f"{path} is the adapter of market {about.get('market')!r} of {about.get('base')}")


def _parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(content[:LENGTH], "little")
    head = json.loads(content[LENGTH : LENGTH + length])
    return head, content[LENGTH + length :]
