"""Trainings, which take longer than a task may, each in a process of its own (`worker.trainer`).

One at a time learns for a folder: its process has a lock that the kernel lets go, however it ends.
"""

import fcntl
import json
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

from campaigns.models.retraining import Retraining
from database.embedded import end_with_parent
from scoring.whole_file import told_of
from settings import PYTHON, child_environment


class Learner:
    """The training that this process has started, if any."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, folder: Path, pinned: Retraining, database_url: str) -> bool:
        """Learn for this folder; False where somebody does already. Raises NotWritten."""
        with _opened_lock(folder) as lock:
            if _is_held(lock):
                return False
            # The lock goes with the open file, which the other process has from here on.
            command = [*PYTHON, "-m", "worker.trainer", str(folder), json.dumps(pinned.request())]
            environment = child_environment({"TIERWISE_DATABASE_URL": database_url})
            self._process = subprocess.Popen(
                command, env=environment, pass_fds=[lock.fileno()],
                preexec_fn=end_with_parent(signal.SIGTERM),  # noqa: PLW1509 - takes no lock
            )  # fmt: skip
        return True

    def wait(self, seconds: float) -> None:
        """So long, or until the training that was started here has ended."""
        if self._process is None or self._process.poll() is not None:
            time.sleep(seconds)
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def settle(self) -> None:
        """Until what was started here has ended, which has done what it was there for."""
        if self._process is not None:
            self._process.wait()

    def kill(self) -> None:
        """End what was started here, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def under_way(folder: Path) -> bool:
    """Whether somebody learns for this folder. Raises NotWritten."""
    with _opened_lock(folder) as lock:
        return _is_held(lock)


def _opened_lock(folder: Path) -> TextIO:
    with told_of(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # A lock may be there from when others could be written beside it, which learning needs.
        TemporaryFile(dir=folder.parent).close()
        return _beside(folder, "lock").open("a")


def _is_held(lock: TextIO) -> bool:
    """By another process; otherwise it is held from here on, as long as the file is open."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def refused(folder: Path, pinned: Retraining) -> str | None:
    """Why there will be no model."""
    said = _refusal(folder, pinned)
    return said.read_text(encoding="utf-8") if said.exists() else None


def refuse(folder: Path, pinned: Retraining, reason: str) -> None:
    """There will be no model: a training that is under way, in whichever process, ends with its epoch."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _refusal(folder, pinned).write_text(reason, encoding="utf-8")


def _refusal(folder: Path, pinned: Retraining) -> Path:
    """Of this training alone: a database that was restored begins another for the same folder."""
    return _beside(folder, f"{pinned.as_of:%Y%m%dT%H%M%S.%f}.refused")


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")
