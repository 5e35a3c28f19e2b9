"""A signal ends what runs whenever it comes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, signal, time, weakref
from admin.running.processes import stopped_by_signals

class Thing:
    pass

def stop(_gone):
    os.kill(os.getpid(), signal.{number})
    for _ in range(1000):
        pass

try:
    with stopped_by_signals():
        thing = Thing()
        reference = weakref.ref(thing, {callback})
        del thing
        {after}
        time.sleep(20)
        print("was not stopped")
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.mark.parametrize(
    ("number", "callback", "after"),
    [
        ("SIGTERM", "None", "stop(None)"),
        ("SIGHUP", "None", "stop(None)"),
        ("SIGTERM", "stop", "pass"),
        ("SIGINT", "stop", "pass"),
    ],
)
def test_a_signal_is_heard_also_where_nothing_can_be_raised(number: str, callback: str, after: str) -> None:
    program = PROGRAM.format(number=number, callback=callback, after=after)

    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert told.stdout == "stopped\n"
