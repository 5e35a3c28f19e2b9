"""Checkpoints outside the database: one JSON object a line, in a file that only grows or in a log."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from campaigns.audit.chain import Mark
from database.audit import seals
from database.audit.seals import Checkpoint
from database.session import Snapshot

AT_ONCE = 1000
TAIL_BYTES = 4096
"""More than two lines."""
EXAMPLE = '{"seq":17,"hash":"9f86d0…","time":"2026-11-25T12:00:00+00:00"}'


class AnchorsNotUsable(ValueError):
    """The file is not one of checkpoints; the message names the line."""


def written(checkpoint: Checkpoint) -> str:
    """As a line, without its end."""
    facts = {"seq": checkpoint.seq, "hash": checkpoint.hash.hex(), "time": checkpoint.time.isoformat()}
    return json.dumps(facts, separators=(",", ":"))


def read(path: Path) -> Iterator[Mark]:
    """The checkpoints of a file, in its order; lines that a full disk cut off are left out.

    Raises AnchorsNotUsable, OSError.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if _whole(line):
                yield _mark(line, f"{path}, line {number}")


def add_missing(snapshot: Snapshot, path: Path) -> list[Checkpoint]:
    """Append the next checkpoints that the file does not have, and bring them to the disk; which they are.

    Killed at any line, the next call goes on where the file ends. Raises AnchorsNotUsable, OSError.
    """
    with path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        whole = [line for line in tail.splitlines() if _whole(line)]
        after = _mark(whole[-1], str(path)).seq if whole else 0
        missing = seals.checkpoints(snapshot, after=after, limit=AT_ONCE)
        if missing:
            ended = "" if tail[-1:] in (b"", b"\n") else "\n"
            file.write((ended + "".join(written(each) + "\n" for each in missing)).encode())
            file.flush()
            os.fsync(file.fileno())
    return missing


def _whole(line: bytes) -> bool:
    return line.rstrip().endswith(b"}")


def _mark(line: bytes, place: str) -> Mark:
    try:
        facts = json.loads(line)
        return Mark(int(facts["seq"]), bytes.fromhex(facts["hash"]))
    except (ValueError, KeyError, TypeError) as error:
        raise AnchorsNotUsable(f"{place}: expected a checkpoint such as {EXAMPLE}") from error
