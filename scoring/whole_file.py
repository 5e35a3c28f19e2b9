"""Files and folders that are whole or not there, and what is said of one that could not be written."""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self
from uuid import uuid4

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
UNFINISHED = re.compile(r"\.(.+)\.[0-9a-f]{8}\.unfinished")
"""What a file or folder is called until it is whole."""


class NotWritten(OSError):
    """A disk is full, or nobody may write there; the message names the place and the way out."""

    def __init__(self, place: str, why: str) -> None:
        self.place, self.why = place, why
        """In the operating system's words."""
        super().__init__(f"{place} cannot be written: {why}; make room there, or name another place, and begin again")

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.place, self.why)

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

    The folder of the file is made where there is none. What a process left there that was killed goes. What is no file,
    such as /dev/stdout, is written to as it is.
    """
    meant = path.resolve()
    if meant.exists() and not meant.is_file():
        with told_of(path):
            yield meant
        return
    with told_of(path):
        meant.parent.mkdir(parents=True, exist_ok=True)
    with told_of(path), _unfinished(meant, Path.touch) as unfinished:
        remove_left(meant.parent, meant.name)
        yield unfinished
        _keep(unfinished)
        unfinished.replace(meant)


def check_new(folder: Path) -> None:
    """Raises FileExistsError for a folder that is there: a model never changes."""
    if folder.exists():
        raise FileExistsError(f"{folder} exists: a model is never overwritten; name another folder")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """One beside it to write into, which takes its name at the end, or goes. Raises FileExistsError, NotWritten.

    It has its name only once all that is in it outlasts a power cut. What a process left there that was killed goes.
    """
    check_new(folder)
    with told_of(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _unfinished(folder, Path.mkdir) as unfinished:
            remove_left(folder.parent, folder.name)
            yield unfinished
            for inner, _, names in os.walk(unfinished):
                for name in (*names, "."):
                    _keep(Path(inner, name))
            unfinished.rename(folder)
            _keep(folder.parent)


def remove_left(parent: Path, name: str | None = None) -> None:
    """Files and folders there that nobody goes on writing, of this name or of any: whoever did was killed."""
    for path in parent.iterdir():
        found = UNFINISHED.fullmatch(path.name)
        if found is None or name not in {None, found[1]}:
            continue
        # In a folder that many share it may be somebody else's.
        with suppress(FileNotFoundError, PermissionError), _held(path) as held:
            if held:
                _remove(path)


@contextmanager
def _unfinished(place: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """What is made beside it, held until it has another name or goes."""
    with ExitStack() as held:
        while True:
            unfinished = place.with_name(f".{place.name}.{uuid4().hex[:8]}.unfinished")
            make(unfinished)
            # Before it is held, another process may take it for what somebody left.
            with suppress(FileNotFoundError):
                held.enter_context(_held(unfinished, patiently=True))
            if unfinished.exists():
                break
        try:
            yield unfinished
        finally:
            with suppress(FileNotFoundError):
                _remove(unfinished)


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


@contextmanager
def _held(place: Path, *, patiently: bool = False) -> Iterator[bool]:
    """As long as this process lives, at most; False where another holds it, or a disk knows no locks."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if patiently else fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = True
    except OSError:
        held = False
    try:
        yield held
    finally:
        os.close(descriptor)


def _keep(path: Path) -> None:
    """Also after a power cut: a folder's names, a file's content."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """For whatever writes there, which may fail with words of its own. Raises NotWritten."""
    try:
        yield
    except Exception as error:
        why = _why(error)
        if why is None:
            raise
        raise NotWritten(str(path), why) from error


def _why(error: Exception) -> str | None:
    """None for what neither a disk nor a right has to do with."""
    # Torch raises RuntimeError over it, and Polars what it raises for files that are broken.
    beneath = error.__context__ if isinstance(error, RuntimeError) else error
    if isinstance(beneath, OSError):
        return None if isinstance(beneath, ConnectionError | TimeoutError) else beneath.strerror or str(beneath)
    return str(error).rpartition("IO error: ")[2] if "IO error: " in str(error) else None
