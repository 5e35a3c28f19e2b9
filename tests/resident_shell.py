"""`tierwise` in a process of its own for each command, forked from one that has read the modules once."""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from admin.command_line import main

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([f"admin.commands.{name}" for name in ("campaign", "tier", "segment", "coupon", "audit")])


class Ended(NamedTuple):
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def tierwise(words: Sequence[str], *, folder: Path, environment: Mapping[str, str], within: float) -> Ended:
    """Run a command there and wait for its end, which is due within so many seconds."""
    said, complained = folder / "stdout.txt", folder / "stderr.txt"
    arguments = (list(words), str(folder), dict(environment), str(said), str(complained))
    process = FORKS.Process(target=_command, args=arguments)
    process.start()
    process.join(within)
    if process.exitcode is None:
        process.kill()
        process.join()
    assert process.exitcode is not None
    return Ended(process.exitcode, said.read_text(), complained.read_text())


def _command(words: list[str], folder: str, environment: dict[str, str], said: str, complained: str) -> None:
    os.environ.clear()  # noqa: TID251 - becomes the process that a shell would have started
    os.environ.update(environment)  # noqa: TID251 - likewise
    os.chdir(folder)
    for path, stream in ((said, sys.stdout), (complained, sys.stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream.fileno())
    main(words, prog_name="tierwise")
