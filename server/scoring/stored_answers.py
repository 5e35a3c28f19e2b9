"""How many answers were the last stored ones, and why."""

import threading
from collections.abc import Mapping

from server.scoring.messages import Degraded


class StoredAnswers:
    """Since the server started; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(Degraded, 0)

    def note(self, reason: Degraded) -> None:
        """One more."""
        with self._lock:
            self._counts[reason] += 1

    def counts(self) -> Mapping[Degraded, int]:
        """By reason."""
        with self._lock:
            return dict(self._counts)
