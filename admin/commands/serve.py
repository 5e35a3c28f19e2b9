"""`tierwise serve`: becomes the server, since doors never import one another."""

import os
from typing import Annotated

import typer

from settings import PYTHON, child_environment

app = typer.Typer(add_completion=False)
Insecure = Annotated[
    bool, typer.Option("--insecure", help="In the clear, and callers are believed who they are: on loopback only.")
]


@app.command()
def serve(*, insecure: Insecure = False) -> None:
    """Serve gRPC at TIERWISE_LISTEN until SIGTERM."""
    environment = child_environment({"TIERWISE_INSECURE": "true"} if insecure else {})
    os.execve(PYTHON[0], [*PYTHON, "-m", "server"], environment)  # noqa: S606  # no shell is wanted
