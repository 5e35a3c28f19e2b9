"""A folder of files with one JSON document a line, for the shop's own sender: the way out that needs no network."""

import json
import os
import time
from collections.abc import Sequence
from math import inf
from pathlib import Path
from tempfile import mkdtemp

from channels.message import Fate, Message, Note, Receipt

READABLE, ENTERED = 0o640, 0o750
"""By us and by the group of whoever sends, whatever our umask: codes are worth money to whoever else reads them."""


class Folder:
    """Each batch is a file of its own that appears whole; handed over again it takes the place of the first one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def hand_over(self, batch: str, messages: Sequence[Message], *, until: float = inf) -> list[Receipt]:
        """All of them or, when the disk does not take them, none."""
        if time.monotonic() >= until:
            # Another worker may have written this file since then, without those who withdrew their consent.
            return [Receipt(Fate.WAITING, Note.SLOW) for _ in messages]
        target = self._path / f"{batch}.jsonl"
        try:
            _write(target, "".join(json.dumps(message.document()) + "\n" for message in messages))
        except OSError as error:
            return [Receipt(Fate.WAITING, f"{target.name}: {error.strerror}") for _ in messages]
        return [Receipt(Fate.HANDED_OVER) for _ in messages]


def _write(target: Path, content: str) -> None:
    """Readers see nothing, or everything, also after the machine lost its power."""
    _make(target.parent)
    growing = target.with_suffix(".part")
    opened = os.open(growing, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, READABLE)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        os.fchmod(opened, READABLE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    growing.replace(target)
    # Else the name, and with it the file, may be lost with the power, and everybody in it counts as written to.
    _keep_names(target.parent)


def _make(folder: Path) -> None:
    """With those above it, where they are missing: each appears as whoever sends can enter it. One that is there stays.

    The bit that hands down the group of the folder above it stays, too.
    """
    if folder.is_dir():
        return
    _make(folder.parent)
    # Workers in containers, each with a disk of its own but this one, may have the same number as a process.
    growing = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    growing.chmod(growing.stat().st_mode & ~0o777 | ENTERED)
    try:
        growing.rename(folder)
    except OSError:
        growing.rmdir()
        # Another worker may have been quicker, and have files in it already.
        if not folder.is_dir():
            raise
    _keep_names(folder.parent)


def _keep_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
