"""`tierwise serve`: becomes the server, since doors never import one another."""

import os
import sys

import typer

app = typer.Typer()


@app.command()
def serve() -> None:
    """Serve gRPC at TIERWISE_LISTEN until SIGTERM."""
    os.execv(sys.executable, [sys.executable, "-m", "server"])  # noqa: S606  # no shell is wanted
