"""Histories that this process has read before, each for one version of its customer's events."""

import threading
from collections import OrderedDict
from typing import NamedTuple

from events.history import Histories

ROW_BYTES = 80
"""Of a row's numbers and references; strings are counted where they are packed."""
ENTRY_BYTES = 3000
"""Of the arrays that hold an entry, whatever its rows."""


class Remembered(NamedTuple):
    """The history of one customer as of a version."""

    version: int
    history: Histories
    size: int
    """About how many bytes it takes."""


class Memory:
    """Bounded by bytes: who was asked about least lately is forgotten first. Safe to use from several threads.

    Nothing is ever outdated in here, for each history is what the events were at its version: whether that is still
    the customer's, only the database can say.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[str, Remembered] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """About how many bytes everything takes."""
        return self._bytes

    def find(self, customer_id: str) -> Remembered | None:
        """What is remembered of a customer."""
        with self._lock:
            found = self._entries.get(customer_id)
            if found is not None:
                self._entries.move_to_end(customer_id)
            return found

    def remember(self, customer_id: str, version: int, history: Histories, packed: bytes) -> None:
        """In place of what was remembered of the customer; `packed` is the history in one piece."""
        entry = Remembered(version, history, len(packed) + ROW_BYTES * len(history.time) + ENTRY_BYTES)
        with self._lock:
            self._drop(customer_id)
            self._entries[customer_id] = entry
            self._bytes += entry.size
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._entries)))

    def forget(self, customer_id: str) -> None:
        """Let go of a customer whom the database does not know any more."""
        with self._lock:
            self._drop(customer_id)

    def _drop(self, customer_id: str) -> None:
        entry = self._entries.pop(customer_id, None)
        self._bytes -= 0 if entry is None else entry.size
