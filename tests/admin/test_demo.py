"""The whole story runs, and nothing of it is left behind, whether it ends or is stopped."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from settings import child_environment

ROOT = Path(__file__).resolve().parents[2]


def begin(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """`tierwise ARGUMENTS` with a temporary folder of its own, which PostgreSQL's account may enter."""
    folder.chmod(0o755)
    for parent in folder.parents:
        if parent.owner() == folder.owner() and parent != parent.parent and "pytest" in parent.name:
            parent.chmod(0o755)
    return subprocess.Popen(
        [sys.executable, "-m", "admin", *arguments], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        env=child_environment({"TMPDIR": str(folder), "TIERWISE_HOME": str(folder / "home"), "COLUMNS": "120"}),
    )  # fmt: skip


def left_running(folder: Path) -> list[str]:
    """Command lines of processes that were started for this folder."""
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
def test_the_demo_tells_its_story_and_leaves_nothing(tmp_path: Path) -> None:
    demo = begin(tmp_path, "demo", "--customers", "300", "--epochs", "2")

    told, _ = demo.communicate(timeout=380)

    assert demo.returncode == 0, told
    assert re.search(r"who will buy: AUC 0\.\d{3} over 2\d\d customers", told), told
    assert re.search(r"Score\(C\d+\) in \d+ ms", told)
    assert "16.00 GBP off order order-1" in told
    assert "FAILED_PRECONDITION COUPON_ALREADY_REDEEMED" in told
    assert left_running(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_no_process_and_its_database_whole(tmp_path: Path, number: signal.Signals) -> None:
    run = begin(tmp_path, "run")
    control = tmp_path / "home" / "postgres" / "data" / "global" / "pg_control"
    deadline = time.monotonic() + 60
    while not control.exists() and time.monotonic() < deadline:
        time.sleep(0.05)

    run.send_signal(number)
    told, _ = run.communicate(timeout=60)

    assert "stopped" in told
    assert left_running(tmp_path) == []
    assert not (tmp_path / "home" / "running_database_url").exists()
