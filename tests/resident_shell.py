"""Commands in a process of its own each, forked from one that has read the modules once."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from forked import FORKS, become

from admin.command_line import main
from server.__main__ import main as serve


class Ended(NamedTuple):
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def tierwise(words: Sequence[str], *, folder: Path, environment: Mapping[str, str], within: float) -> Ended:
    """Run `tierwise WORDS` there and wait for its end, which is due within so many seconds."""
    return _ended(_tierwise, list(words), folder=folder, environment=environment, within=within)


def server(*, folder: Path, environment: Mapping[str, str], within: float) -> Ended:
    """Likewise `python -m server`."""
    return _ended(_server, [], folder=folder, environment=environment, within=within)


def _ended(
    run: Callable[[list[str]], None], words: list[str], *, folder: Path, environment: Mapping[str, str], within: float
) -> Ended:  # fmt: skip
    said, complained = folder / "stdout.txt", folder / "stderr.txt"
    arguments = (run, words, str(folder), dict(environment), str(said), str(complained))
    process = FORKS.Process(target=_as_there, args=arguments)
    process.start()
    process.join(within)
    if process.exitcode is None:
        process.kill()
        process.join()
    assert process.exitcode is not None
    return Ended(process.exitcode, said.read_text(), complained.read_text())


def _as_there(
    run: Callable[[list[str]], None], words: list[str], folder: str, environment: dict[str, str], said: str,
    complained: str,
) -> None:  # fmt: skip
    become(folder, environment, said, complained)
    run(words)


def _tierwise(words: list[str]) -> None:
    main(words, prog_name="tierwise")


def _server(_words: list[str]) -> None:
    sys.exit(serve())
