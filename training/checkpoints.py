"""Where a training that was killed left off: a folder beside the model that it will be, until that is written."""

import shutil
from pathlib import Path

from scoring.seen.view import DAY

KEPT_DAYS = 30
"""Since the last epoch. With other code, data or options nobody goes on from them, and nobody can tell who may."""


def checkpoints_of(out: Path, fingerprint: str) -> Path:
    """Of the training with this fingerprint that writes `out`; from now on it counts as gone on with."""
    folder = out.with_name(f".{out.name}.{fingerprint[:12]}.checkpoints")
    if folder.exists():
        folder.touch()
    return folder


def remove_old(models: Path, now: float) -> None:
    """Remove what trainings of this folder left behind long before `now` (seconds since the epoch)."""
    for folder in models.glob(".*.checkpoints"):
        try:
            touched = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
        except FileNotFoundError:
            # A training that has just ended has removed it, or put an epoch in the place of the one before.
            continue
        if touched < now - KEPT_DAYS * DAY:
            shutil.rmtree(folder, ignore_errors=True)
