"""What `tierwise run` started goes on whatever is killed, and ends with it."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from running.worker_processes import wait_for

from admin.running import processes
from admin.running.processes import ChildFailedError, Processes
from database import embedded

ROOT = Path(__file__).resolve().parents[2]
SLEEPS = ["-c", "import time; time.sleep(100)"]
ORPHAN = """
import os, signal, sys
from pathlib import Path
from admin.running.processes import Processes
started = Processes(home=Path(sys.argv[1]), environment={}, database_url="")
started.start("sleeper", ["-c", "import time; time.sleep(100)"])
print(started.children["sleeper"].process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class Told(Exception):
    """As a test stops watching."""


def tell(what: str) -> None:
    raise Told(what)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that PostgreSQL's account may enter (pytest's own are private to the user)."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="tierwise-processes-", dir=memory if memory.is_dir() else None) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_process_that_had_run_is_started_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SETTLED_SECONDS", 0)
    with Processes(home=folder, environment={}, database_url="") as running:
        running.start("sleeper", SLEEPS)
        running.children["sleeper"].process.kill()

        with pytest.raises(Told, match="sleeper had ended with status -9"):
            running.watch(tell)

        running.check()


def test_a_process_that_ends_at_once_is_told_with_its_log(folder: Path) -> None:
    with Processes(home=folder, environment={}, database_url="") as running:
        running.start("broken", ["-c", "import sys; sys.exit('no such port')"])

        with pytest.raises(ChildFailedError, match="broken ended with status 1; the end of its log:\nno such port"):
            running.watch(tell)


def test_a_killed_postgresql_is_started_again_where_it_was(folder: Path) -> None:
    server = embedded.start(folder / "postgres")
    with Processes(home=folder, environment={}, database_url=server.url(), postgres=server) as running:
        server.process.kill()

        with pytest.raises(Told, match="PostgreSQL had ended"):
            running.watch(tell)

        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux tells children")
def test_nothing_outlives_whoever_started_it_and_was_killed(folder: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", ORPHAN, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )

    assert killed.returncode == -signal.SIGKILL
    wait_for(lambda: not _runs(int(killed.stdout)), seconds=20)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
