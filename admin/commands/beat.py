"""`tierwise beat`: becomes the clock, since doors never import one another."""

import os

import typer

from settings import PYTHON

app = typer.Typer(add_completion=False)


@app.command()
def beat() -> None:
    """Keep time until SIGTERM: what is due each minute, the outbox, the seals of the audit log."""
    os.execv(PYTHON[0], [*PYTHON, "-m", "worker", "beat"])  # noqa: S606  # no shell is wanted
