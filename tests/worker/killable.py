"""Servers and workers that tests kill without warning, and start again where they stood."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from running.forked import ForkedWorker
from running.worker_processes import ROOT, kill, listens, wait_for

from database import embedded
from database.embedded import free_port
from settings import child_environment

SAFE_FROM_KILLS = {"synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "32MB"}
"""What is committed is with the operating system, whoever of PostgreSQL dies."""


@dataclass(slots=True)
class Postgres:
    """The embedded server on a port that stays the same."""

    folder: Path
    port: int = field(default_factory=free_port)
    server: embedded.EmbeddedPostgres | None = None

    def start(self) -> None:
        self.server = embedded.start(self.folder, port=self.port, durable=False, settings=SAFE_FROM_KILLS)

    def kill(self) -> None:
        """Every process of it, whatever it is writing."""
        assert self.server is not None
        postmaster = self.server.process
        # Stopped first, so that it neither replaces its children nor tidies up after them.
        postmaster.send_signal(signal.SIGSTOP)
        for victim in [*children(postmaster.pid), postmaster.pid]:
            os.kill(victim, signal.SIGKILL)
        postmaster.wait()

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url()


@dataclass(slots=True)
class Redis:
    """A server that writes down what it is told."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""]
        self.process = subprocess.Popen(
            ["redis-server", "--dir", str(self.folder), *options], stdout=subprocess.DEVNULL, start_new_session=True
        )
        wait_for(lambda: listens(self.port))

    def kill(self) -> None:
        if self.process is not None:
            kill(self.process)


@dataclass(slots=True)
class Worker:
    """A process of the worker's, in a group of its own."""

    role: str
    environment: Mapping[str, str] = field(default_factory=dict)
    process: ForkedWorker | None = None

    def start(self) -> None:
        self.kill()
        self.process = ForkedWorker(self.role, folder=ROOT, environment=child_environment(self.environment))

    def kill(self) -> None:
        """With what it forked."""
        if self.process is not None:
            kill(self.process)
            self.process.forget()

    def kill_fork(self) -> None:
        """Only the process that it forked for tasks; it sees that, and forks another."""
        assert self.process is not None
        kill_forks(self.process.pid)


def kill_forks(pid: int) -> set[int]:
    """Every process whose parent this is, without a warning; which they were."""
    victims = set(children(pid))
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    return victims


def children(pid: int) -> list[int]:
    """Processes whose parent this is."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
