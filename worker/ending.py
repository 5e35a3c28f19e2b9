"""The end of a worker that is told to end: with the chunk at hand, or by force where that comes to no end in time."""

import logging
import os
import signal
import time
from contextlib import suppress
from threading import Thread

from billiard.process import active_children
from celery import signals

log = logging.getLogger(__name__)


def end_in_time(grace_seconds: float) -> None:
    """From SIGTERM on the chunk at hand has so long; a database that is frozen would never let it end."""

    def begin(**_: object) -> None:
        Thread(target=_end_by_force, args=(grace_seconds,), name="ending", daemon=True).start()

    signals.worker_shutting_down.connect(begin, weak=False)


def _end_by_force(grace_seconds: float) -> None:
    """What was begun is done again by whoever comes: it was not committed, or its operation says so."""
    time.sleep(grace_seconds)
    log.warning(
        "it could not end within %.0f s, for the chunk at hand or a broker that does not answer: what it had begun is "
        "left to the next worker", grace_seconds,
    )  # fmt: skip
    for child in active_children():
        if child.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
    os._exit(0)
