"""What was found out about a credential a moment ago, so that not every call finds it out again."""

import time
from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value")
MOST = 4096


class Found(NamedTuple, Generic[Value]):
    """A value, and when it was asked for."""

    value: Value
    at: float


class Recent(Generic[Value]):
    """Values by what they were found for, each for so many seconds; threads may lose, and never mix up, an entry."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._found: dict[bytes, Found[Value]] = {}

    def get(self, digest: bytes) -> Value | None:
        """What was found within those seconds."""
        found = self._found.get(digest)
        return None if found is None or time.monotonic() - found.at > self._seconds else found.value

    def keep(self, digest: bytes, value: Value, *, at: float) -> None:
        """Keep what was asked for at a time of time.monotonic(); a full memory forgets everything."""
        if len(self._found) >= MOST:
            self._found.clear()
        self._found[digest] = Found(value, at)
