"""How the log tells an outage, and how long is waited between attempts while it lasts."""

import logging
from functools import partial

from kombu.exceptions import OperationalError

from database.failures import failure_of, in_a_line
from telemetry.outages import Outage


class PacedOutage(Outage):
    """Attempts that become rarer while they fail."""

    def __init__(self, log: logging.Logger, what: str, *, pause: float, longest: float) -> None:
        """`what` fails, in words; `pause` seconds between attempts, up to `longest` while it is away."""
        super().__init__(partial(_tell, log, what))
        self._usual, self._longest = pause, longest
        self.pause = pause
        """Until the next attempt."""

    def note(self, error: Exception) -> None:
        """An attempt failed."""
        self.pause = min(2 * self.pause, self._longest)
        super().note(error)

    def over(self) -> None:
        """An attempt went well."""
        self.pause = self._usual
        super().over()


def _tell(log: logging.Logger, what: str, error: Exception | None) -> None:
    if error is None:
        log.warning("%s: over", what)
        return
    foreseen = failure_of(error) is not None or isinstance(error, OperationalError | OSError)
    log.warning("%s; tried again until it works: %s", what, in_a_line(error), exc_info=None if foreseen else error)
