"""Processor time of processes, from Linux's /proc."""

import os
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
USER, WAITED_SYSTEM = 11, 14
"""Places of utime and, two on, of what ended children used (cutime, cstime), counted from behind the name."""


def seconds_of(pid: int) -> float:
    """User and system time that a process and all its children, also those that ended, have used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = TICK * sum(int(field) for field in fields[USER : WAITED_SYSTEM + 1])
    return own + sum(map(_seconds_or_none, children(pid)))


def children(pid: int) -> list[int]:
    """Direct ones."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]


def _seconds_or_none(pid: int) -> float:
    """0 for a child that has just ended: its parent has its time."""
    try:
        return seconds_of(pid)
    except FileNotFoundError:
        return 0.0
