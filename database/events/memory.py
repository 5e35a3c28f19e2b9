"""Histories that this process has read before, in one piece, each for one version of its customer's events."""

import threading
from collections import OrderedDict
from typing import NamedTuple

ENTRY_BYTES = 300
"""Of what holds an entry, whatever its size."""


class Remembered(NamedTuple):
    """The history of one customer as of a version."""

    version: int
    history: bytes
    """As `events.packing` writes it."""


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

    def remember(self, customer_id: str, version: int, history: bytes) -> None:
        """In place of what was remembered of the customer."""
        with self._lock:
            self._drop(customer_id)
            self._entries[customer_id] = Remembered(version, history)
            self._bytes += len(history) + ENTRY_BYTES
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._entries)))

    def forget(self, customer_id: str) -> None:
        """Let go of a customer whose events have no version any more."""
        with self._lock:
            self._drop(customer_id)

    def _drop(self, customer_id: str) -> None:
        entry = self._entries.pop(customer_id, None)
        self._bytes -= 0 if entry is None else len(entry.history) + ENTRY_BYTES
