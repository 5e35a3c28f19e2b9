"""A process that hangs is ended, and says where its threads stood: whoever looks after it starts another."""

import faulthandler
import time
from threading import Thread

LOOK_SECONDS = 30.0
AT_WORK = 0.001
"""Share of a processor. Less is no work: to look takes a thousandth of that."""


def end_when_idle(seconds: float, *, look_seconds: float = LOOK_SECONDS) -> None:
    """From here on, with status 1, where this process used no processor for so long.

    Work that makes progress uses some, however long a part of it takes. The end needs no thread of Python's, which
    may all wait for one that hangs in a library.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)
    Thread(target=_put_off, args=(seconds, look_seconds), name="hanging", daemon=True).start()


def _put_off(seconds: float, look_seconds: float) -> None:
    while True:
        used = time.process_time()
        time.sleep(look_seconds)
        if time.process_time() - used > AT_WORK * look_seconds:
            faulthandler.dump_traceback_later(seconds, exit=True)
