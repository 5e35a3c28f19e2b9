"""`tierwise work`: becomes the worker, since doors never import one another."""

import os

import typer

from settings import PYTHON

app = typer.Typer(add_completion=False)


@app.command()
def work() -> None:
    """Run bulk work until SIGTERM."""
    os.execv(PYTHON[0], [*PYTHON, "-m", "worker"])  # noqa: S606  # no shell is wanted
