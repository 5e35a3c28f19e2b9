"""`tierwise` in a process of its own for each command, forked from one that has read the modules once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from forked import FORKS, become

from admin.command_line import main


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
    become(folder, environment, said, complained)
    main(words, prog_name="tierwise")
