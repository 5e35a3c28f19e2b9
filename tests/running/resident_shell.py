"""Commands in a process of its own each, forked from one that has read the modules once."""

import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import NamedTuple

from admin.command_line import main
from running.forked import FORKS, become
from server.__main__ import main as serve

SAID, COMPLAINED = "stdout.txt", "stderr.txt"


class Ended(NamedTuple):
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def tierwise(words: Sequence[str], *, folder: Path, environment: Mapping[str, str], within: float) -> Ended:
    """Run `tierwise WORDS` there and wait for its end, which is due within so many seconds."""
    return _ended(begun(words, folder=folder, environment=environment), folder, within)


def begun(words: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> ForkServerProcess:
    """The same without waiting; stdout.txt and stderr.txt there have what it says."""
    return _begun(_tierwise, list(words), folder, environment)


def server(*, folder: Path, environment: Mapping[str, str], within: float) -> Ended:
    """Likewise `python -m server`."""
    return _ended(_begun(_server, [], folder, environment), folder, within)


def _begun(
    run: Callable[[list[str]], None], words: list[str], folder: Path, environment: Mapping[str, str]
) -> ForkServerProcess:
    process = FORKS.Process(target=_as_there, args=(run, words, folder, dict(environment)))
    process.start()
    return process


def _ended(process: ForkServerProcess, folder: Path, within: float) -> Ended:
    process.join(within)
    if process.exitcode is None:
        process.kill()
        process.join()
    assert process.exitcode is not None
    return Ended(process.exitcode, (folder / SAID).read_text(), (folder / COMPLAINED).read_text())


def _as_there(run: Callable[[list[str]], None], words: list[str], folder: Path, environment: dict[str, str]) -> None:
    become(str(folder), environment, str(folder / SAID), str(folder / COMPLAINED))
    run(words)


def _tierwise(words: list[str]) -> None:
    main(words, prog_name="tierwise")


def _server(_words: list[str]) -> None:
    sys.exit(serve())
