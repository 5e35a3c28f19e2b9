"""The whole story runs, and nothing of it is left behind, whether it ends or is stopped."""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from settings import child_environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's account may enter (pytest's own are private to the user)."""
    with tempfile.TemporaryDirectory(prefix="tierwise-story-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def begin(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """`tierwise ARGUMENTS` with a temporary folder of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "admin", *arguments], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        env=child_environment({
            "TMPDIR": str(folder), "TIERWISE_HOME": str(folder / "home"), "COLUMNS": "120",
            "TIERWISE_RESCORE_AT": datetime.now(UTC).time().isoformat("minutes"),
        }),
    )  # fmt: skip


def left_running(folder: Path) -> list[str]:
    """Processes started for this folder that are there for good: the system takes a moment to clear ended ones away."""
    deadline = time.monotonic() + 15
    while (found := running(folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def running(folder: Path) -> list[str]:
    """Command lines of the processes that were started for this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if str(folder).encode() in told:
            found.append(told[:200].decode(errors="replace"))
    return found


@pytest.mark.timeout(400)
def test_the_demo_tells_its_story_and_leaves_nothing(folder: Path) -> None:
    demo = begin(folder, "demo", "--customers", "300", "--epochs", "2")

    told, _ = demo.communicate(timeout=380)

    assert demo.returncode == 0, told
    assert re.search(r"who will buy: AUC 0\.\d{3} over 2\d\d customers", told), told
    assert re.search(r"Score\(C\d+\) in \d+ ms", told)
    assert "16.00 GBP off order order-1" in told
    assert "FAILED_PRECONDITION COUPON_ALREADY_REDEEMED" in told
    assert "Preview: what 30 days would bring" in told
    assert re.search(r"built in: \+\d+ buyers, measured: [+-]\d+", told), told
    assert left_running(folder) == []
    assert [path.name for path in folder.iterdir()] == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_no_process_and_its_database_whole(folder: Path, number: signal.Signals) -> None:
    run = begin(folder, "run")
    pid_file = folder / "home" / "postgres" / "data" / "postmaster.pid"
    deadline = time.monotonic() + 60
    while not (pid_file.exists() and "ready" in pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)

    run.send_signal(number)
    told, _ = run.communicate(timeout=60)

    assert "stopped" in told, told
    assert left_running(folder) == []
    assert not (folder / "home" / "running_database_url").exists()
