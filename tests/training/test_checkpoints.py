"""What a killed training left is gone on with, and removed when nobody did for a month."""

import os
import time
from pathlib import Path

from scoring.seen.view import DAY
from training.checkpoints import KEPT_DAYS, checkpoints_of, remove_old

NOW = 1_800_000_000.0


def left(models: Path, name: str, days: float, *, epochs: int = 1, now: float = NOW) -> Path:
    """Checkpoints of a training whose folder was made long ago, and whose last epoch ended so many days ago."""
    folder = checkpoints_of(models / name, "f" * 64)
    folder.mkdir()
    for epoch in range(epochs):
        (folder / f"rehearsal {epoch}.pt").touch()
        os.utime(folder / f"rehearsal {epoch}.pt", times=(now - days * DAY,) * 2)
    os.utime(folder, times=(now - 2 * KEPT_DAYS * DAY,) * 2)
    return folder


def test_what_nobody_went_on_with_for_a_month_is_removed_and_nothing_else(tmp_path: Path) -> None:
    old, empty = left(tmp_path, "old", KEPT_DAYS + 1), left(tmp_path, "empty", 0, epochs=0)
    recent = left(tmp_path, "recent", KEPT_DAYS - 1, epochs=2)
    (tmp_path / "model").mkdir()
    os.utime(tmp_path / "model", times=(0, 0))

    remove_old(tmp_path, NOW)

    assert sorted(tmp_path.iterdir()) == sorted([recent, tmp_path / "model"])
    assert (old.exists(), empty.exists()) == (False, False)


def test_what_is_gone_on_with_stays_however_old_it_is(tmp_path: Path) -> None:
    now = time.time()
    begun = left(tmp_path, "model", KEPT_DAYS + 1, now=now)

    assert checkpoints_of(tmp_path / "model", "f" * 64) == begun
    remove_old(tmp_path, now)

    assert begun.exists()
