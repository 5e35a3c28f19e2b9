"""How an outage is logged: when it begins, when its reason changes, and when it is over; it may last for hours."""

import logging
from types import TracebackType

from kombu.exceptions import OperationalError

from database.failures import failure_of, in_a_line


class Outage:
    """`with outage:` what is tried again and again: trouble ends the attempt, is told, and goes no further."""

    def __init__(self, log: logging.Logger, what: str, *, pause: float, longest: float) -> None:
        """`what` fails, in words; `pause` seconds between attempts, up to `longest` while it is away."""
        self._log, self._what = log, what
        self._usual, self._longest = pause, longest
        self.pause = pause
        """Until the next attempt."""
        self._told: str | None = None

    def __enter__(self) -> None:
        """An attempt."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if error is None:
            self._over()
        elif isinstance(error, Exception):
            self.note(error)
            return True
        return False

    def note(self, error: Exception) -> None:
        """An attempt failed: told in a line where that is foreseen, else with its traceback."""
        self.pause = min(2 * self.pause, self._longest)
        said = in_a_line(error)
        if said != self._told:
            foreseen = failure_of(error) is not None or isinstance(error, OperationalError | OSError)
            self._log.warning(
                "%s; tried again until it works: %s", self._what, said, exc_info=None if foreseen else error
            )
        self._told = said

    def _over(self) -> None:
        if self._told is not None:
            self._log.warning("%s: over", self._what)
        self.pause, self._told = self._usual, None
