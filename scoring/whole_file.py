"""A file that is whole or not there, and what is said of one that could not be written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


class NotWritten(OSError):
    """A disk is full, or nobody may write there; the message names the place and the way out."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside it to write to, which becomes the file at the end, or goes. Raises NotWritten.

    What is no file, such as /dev/stdout, is written to as it is.
    """
    meant = path.resolve()
    if meant.exists() and not meant.is_file():
        with told_of(path):
            yield meant
        return
    unfinished = meant.with_name(f".{meant.name}.{uuid4().hex[:8]}")
    try:
        with told_of(path):
            yield unfinished
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            unfinished.replace(meant)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """For whatever writes there, which may fail with words of its own. Raises NotWritten."""
    try:
        yield
    except Exception as error:
        why = _why(error)
        if why is None:
            raise
        raise NotWritten(
            f"{path} cannot be written: {why}; make room there, or name another place, and begin again"
        ) from error


def _why(error: Exception) -> str | None:
    """None for what neither a disk nor a right has to do with."""
    # Torch raises RuntimeError over it, and Polars what it raises for files that are broken.
    beneath = error.__context__ if isinstance(error, RuntimeError) else error
    if isinstance(beneath, OSError):
        return None if isinstance(beneath, ConnectionError | TimeoutError) else beneath.strerror or str(beneath)
    return str(error).rpartition("IO error: ")[2] if "IO error: " in str(error) else None
