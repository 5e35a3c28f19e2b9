"""Processes forked from one that has read the modules once: real ones, without the seconds that reading takes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from worker.__main__ import main

FORKS = multiprocessing.get_context("forkserver")
COMMANDS = ("campaign", "tier", "segment", "coupon", "audit")
FORKS.set_forkserver_preload([*(f"admin.commands.{name}" for name in COMMANDS), "worker.__main__", "server.__main__"])


class ForkedWorker:
    """`python -m worker ROLE` in a group of its own; with what tests use of a subprocess."""

    def __init__(self, role: str, *, folder: Path, environment: Mapping[str, str]) -> None:
        descriptor, path = tempfile.mkstemp(prefix="tierwise-worker-")
        os.close(descriptor)
        self._log = Path(path)
        self._process = FORKS.Process(target=_work, args=(role, str(folder), dict(environment), path))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        # Whoever kills the group must find it.
        while self.poll() is None and os.getpgid(self.pid) != self.pid:
            time.sleep(0.001)

    @property
    def returncode(self) -> int | None:
        """Negative for a signal; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def said(self) -> str:
        """What it wrote until now."""
        return self._log.read_text()

    def forget(self) -> None:
        """Of a worker that has ended nothing remains."""
        self._log.unlink(missing_ok=True)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status; subprocess.TimeoutExpired where it does not come in time."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("worker", timeout or 0)
        return self._process.exitcode


def threads_before_forking() -> list[str]:
    """Names of the threads that the process has which has read the modules, and which a fork has not."""
    told: SimpleQueue[int] = FORKS.SimpleQueue()
    fork = FORKS.Process(target=_tell_parent, args=(told,))
    fork.start()
    tasks = Path(f"/proc/{told.get()}/task")
    fork.join()
    return [name.read_text().strip() for name in tasks.glob("*/comm")]


def _tell_parent(told: "SimpleQueue[int]") -> None:
    told.put(os.getppid())


def become(folder: str, environment: Mapping[str, str], said: str, complained: str) -> None:
    """This fork is the process that a shell would have started there, its output in these files."""
    os.environ.clear()  # noqa: TID251 - as a shell does it
    os.environ.update(environment)  # noqa: TID251 - likewise
    os.chdir(folder)
    for path, stream in ((said, sys.stdout), (complained, sys.stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream.fileno())


def _work(role: str, folder: str, environment: dict[str, str], log: str) -> None:
    os.setsid()
    become(folder, environment, os.devnull, log)
    sys.exit(main([role]))
