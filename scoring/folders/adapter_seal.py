"""Whether the file of an adapter is the one that was written; needs no tensors, so doors can ask at once.

Adapters come, change and go while a model answers, so no manifest names them: each says itself what it holds.
"""

import hashlib
import json
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


def check_sealed(path: Path) -> None:
    """Raises ModelRejected for a file that was cut off or changed after it was written."""
    try:
        content = content_of(path)
    except FileNotFoundError as error:
        raise ModelRejected(f"{path} is missing") from error
    try:
        whole = _parts(content)[0][ABOUT][SEAL] == seal_of(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelRejected(f"{path} is not an adapter; {AGAIN}") from error
    if not whole:
        raise ModelRejected(f"{path} is not the file that was written (SHA-256 differs); {AGAIN}")


def check_adapters(folder: Path) -> None:
    """The same of all adapters in the folder of a model."""
    for path in adapters_of(folder):
        check_sealed(path)


def _parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(content[:LENGTH], "little")
    head = json.loads(content[LENGTH : LENGTH + length])
    return head, content[LENGTH + length :]
