"""`tierwise work`: becomes the worker, since doors never import one another."""

import os
import sys

import typer

app = typer.Typer(add_completion=False)


@app.command()
def work() -> None:
    """Run bulk work until SIGTERM."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", "worker"])  # noqa: S606  # no shell is wanted
