"""Trouble of what is tried again and again: told when it begins, when its reason changes, when it is over."""

from collections.abc import Callable
from types import TracebackType

from database.failures import in_a_line


class Outage:
    """`with outage:` an attempt: trouble ends it, is told, and goes no further; it may last for hours."""

    def __init__(self, tell: Callable[[Exception | None], None]) -> None:
        """`tell` writes into the log of this process what the trouble is, and None when it is over."""
        self._tell = tell
        self._told: str | None = None

    def __enter__(self) -> None:
        """An attempt."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if error is None:
            self.over()
        elif isinstance(error, Exception):
            self.note(error)
            return True
        return False

    def note(self, error: Exception) -> None:
        """An attempt failed."""
        said = in_a_line(error)
        if said != self._told:
            self._tell(error)
        self._told = said

    def over(self) -> None:
        """An attempt went well."""
        if self._told is not None:
            self._tell(None)
        self._told = None
