"""How an outage is logged: a line at each attempt, for it may last for hours. What is none keeps its traceback."""

import logging

from kombu.exceptions import OperationalError

from database.failures import failure_of, in_a_line


def note(log: logging.Logger, error: Exception, what: str, pause: float) -> None:
    """That something is away, with the reason, and when it is tried again."""
    foreseen = failure_of(error) is not None or isinstance(error, OperationalError | OSError)
    log.warning(
        "%s; next attempt in %.1f s: %s", what, pause, in_a_line(error), exc_info=None if foreseen else error
    )  # fmt: skip
