"""Files that a command writes in the end: that one cannot be written is told before the work, which may take hours."""

import os
from pathlib import Path

import typer


def writable(path: Path | None) -> Path | None:
    """For the option that names it: its folder is there from now on. Raises typer.BadParameter."""
    if path is None:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.filename}: {error.strerror}") from error
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise typer.BadParameter(f"{path} cannot be written: you may not write there")
    return path
