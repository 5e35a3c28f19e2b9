"""What a worker says last when Celery ends it for what lies outside: a sentence where it has pages of traceback."""

import logging

from database.failures import failure_of, in_a_line
from scoring.whole_file import FULL

CELERY, REQUEST = "celery.worker", "celery.worker.request"
NO_ROOM = (
    "no room in /dev/shm, where a worker's processes have their semaphores, some kilobytes: make some there, or give "
    "the container more (--shm-size), and start the worker again"
)
BROKER = "the broker failed, and the worker ends (%s): start it again; what it had begun is handed out again"
OF_BROKERS = ("amqp", "kombu", "redis")
"""The packages whose exceptions are the broker's."""


def tell() -> None:
    """From here on Celery says these words for what it ends for, and a line of what it cannot return to a broker."""
    logging.getLogger(CELERY).addFilter(_told)
    logging.getLogger(REQUEST).addFilter(_in_a_line)


def _told(record: logging.LogRecord) -> bool:
    # What is less than critical it survives.
    error = record.exc_info[1] if record.exc_info and record.levelno == logging.CRITICAL else None
    # A file for which there is no room has a name.
    if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
        record.msg, record.args, record.exc_info = NO_ROOM, None, None
    elif error is not None and _of_broker(error):
        record.msg, record.args, record.exc_info = BROKER, (in_a_line(error),), None
    return True


def _in_a_line(record: logging.LogRecord) -> bool:
    if record.exc_info and record.exc_info[1] is not None and _of_broker(record.exc_info[1]):
        record.exc_info = None
    return True


def _of_broker(error: BaseException) -> bool:
    package = type(error).__module__.partition(".")[0]
    return package in OF_BROKERS or isinstance(error, ConnectionError | TimeoutError) or failure_of(error) is not None
