"""The stages of a long story: each with a heading, its own commands and the time it took."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from admin.shell.output import console
from settings import PYTHON, child_environment


class CommandFailedError(RuntimeError):
    """A command of the story ended with an error; what it printed is on the terminal above."""


@dataclass(slots=True)
class Stages:
    """What was done, in order, with seconds."""

    environment: Mapping[str, str]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Announce a stage and take its time."""
        console.rule(f"[bold]{title}", align="left", style="cyan")
        began = time.monotonic()
        yield
        self.seconds[title] = time.monotonic() - began

    def tierwise(self, *arguments: str) -> Any:  # noqa: ANN401  # whatever the command prints as JSON
        """Run `tierwise ARGUMENTS --json` as a user would and give back what it printed; its progress bar shows."""
        console.print(f"[dim]$ tierwise {' '.join(arguments)}[/]", highlight=False)
        done = subprocess.run(
            [*PYTHON, "-m", "admin", *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=False,
            env=child_environment(self.environment),
        )  # fmt: skip
        if done.returncode != 0:
            raise CommandFailedError(f"tierwise {' '.join(arguments)} ended with status {done.returncode}")
        return json.loads(done.stdout)

    def rows(self) -> Sequence[Mapping[str, object]]:
        """For a table at the end, with a total."""
        stages = [{"stage": title, "seconds": round(seconds, 1)} for title, seconds in self.seconds.items()]
        return [*stages, {"stage": "total", "seconds": round(sum(self.seconds.values()), 1)}]
