"""Files and folders that are whole or not there, and what is said of one that could not be written."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class NotWritten(OSError):
    """A disk is full, or nobody may write there; the message names the place and the way out."""

    @property
    def for_want_of_room(self) -> bool:
        """Whether the disk, or somebody's share of it, is full."""
        cause: BaseException | None = self
        while cause is not None:
            if isinstance(cause, OSError) and cause.errno in FULL:
                return True
            cause = cause.__cause__ or cause.__context__
        return False


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside it to write to, which becomes the file at the end, or goes. Raises NotWritten.

    The folder of the file is made where there is none. What is no file, such as /dev/stdout, is written to as it is.
    """
    meant = path.resolve()
    if meant.exists() and not meant.is_file():
        with told_of(path):
            yield meant
        return
    with told_of(path):
        meant.parent.mkdir(parents=True, exist_ok=True)
    unfinished = meant.with_name(f".{meant.name}.{uuid4().hex[:8]}")
    try:
        with told_of(path):
            yield unfinished
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            unfinished.replace(meant)
    finally:
        unfinished.unlink(missing_ok=True)


def check_new(folder: Path) -> None:
    """Raises FileExistsError for a folder that is there: a model never changes."""
    if folder.exists():
        raise FileExistsError(f"{folder} exists: a model is never overwritten; name another folder")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """One beside it to write into, which takes its name at the end, or goes. Raises FileExistsError, NotWritten."""
    check_new(folder)
    unfinished = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    try:
        with told_of(folder):
            unfinished.mkdir(parents=True)
            yield unfinished
            unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


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
