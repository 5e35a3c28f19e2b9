"""A process that hangs ends and says where; one that works goes on, however long it takes."""

import subprocess
import sys

import pytest
from running.worker_processes import ROOT

BEGIN = "import ctypes, time; from worker.hanging import end_when_idle; end_when_idle(1.0, look_seconds=0.1)\n"
WORKING = "end = time.monotonic() + 2\nwhile time.monotonic() < end: sum(range(100))"


@pytest.mark.parametrize(
    ("does", "status", "says"),
    [
        # It keeps the interpreter's lock, so that no other thread of Python runs.
        pytest.param("ctypes.PyDLL(None).sleep(60)", 1, 'File "<string>", line 2 in <module>', id="hangs"),
        pytest.param(WORKING, 0, "", id="works"),
    ],
)
def test_a_process_ends_where_it_used_no_processor_for_so_long(does: str, status: int, says: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN + does], cwd=ROOT, capture_output=True,
        text=True, timeout=50, check=False,
    )  # fmt: skip

    assert ended.returncode == status
    assert says in ended.stderr
