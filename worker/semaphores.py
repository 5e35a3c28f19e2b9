"""The semaphores of a worker's processes: what is said where there is no room for them."""

import logging

from scoring.whole_file import FULL

CELERY = "celery.worker"
WORDS = (
    "no room in /dev/shm, where a worker's processes have their semaphores, some kilobytes: make some there, or give "
    "the container more (--shm-size), and start the worker again"
)


def tell_of_room() -> None:
    """From here on Celery, which ends for want of it, says so instead of a traceback."""
    logging.getLogger(CELERY).addFilter(_told)


def _told(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    # A file for which there is no room has a name.
    if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
        record.msg, record.args, record.exc_info = WORDS, None, None
    return True
