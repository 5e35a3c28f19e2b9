"""What a replica process of a test computes: quick to import, and deadly on request."""

import os
import pickle
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from scoring.pool.refusals import ReplicaDied
from scoring.pool.replica import Compute, Payload


def doubling(factor: int = 2) -> Compute:
    """Each row as often as the factor says.

    A row `die` kills its process, `lost` loses its device, `fail` fails, `hang` never answers, `slow` takes a while.
    """

    def compute(_kind: object, rows: Sequence[Payload]) -> list[bytes]:
        payloads = [bytes(row) for row in rows]
        if b"die" in payloads:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"lost" in payloads:
            raise ReplicaDied("asked to lose the device")
        if b"fail" in payloads:
            raise ArithmeticError("asked to fail")
        if b"hang" in payloads:
            time.sleep(600)
        if b"slow" in payloads:
            time.sleep(0.2)
        return [payload * factor for payload in payloads]

    return compute


def held_up(begun: Path, go: Path) -> Compute:
    """Says that it has begun to start, and waits until it may."""
    begun.touch()
    while not go.exists():
        time.sleep(0.005)
    return doubling()


def exact() -> Compute:
    """Says that nobody rounds, whatever it is asked."""
    return lambda _kind, rows: [pickle.dumps(frozenset[str]())] * len(rows)


def broken() -> Compute:
    """Fails to start."""
    raise ValueError("cannot start")


def ending(begun: Path, often: int) -> Compute:
    """Kills its process while it starts, so often, and notes each start; then as `exact`."""
    with begun.open("a") as notes:
        notes.write(".")
    if begun.stat().st_size <= often:
        os.kill(os.getpid(), signal.SIGKILL)
    return exact()
