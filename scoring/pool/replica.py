"""What computes batches: here in this process; `process.py` has the one that stands apart."""

import traceback
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from scoring.pool.refusals import ComputationFailed, ReplicaDied

Payload = bytes | memoryview
Compute = Callable[[Any, Sequence[Payload]], Sequence[bytes]]
"""The network: one answer for each row of a batch of one kind, in their order. Rows are lent for the call.

Raises ReplicaDied where nothing can be computed in this process any more; anything else is the fault of the rows.
"""


class Replica(Protocol):
    """Computes one batch at a time, for one thread."""

    def start(self, kind: Hashable, rows: Sequence[bytes]) -> None:
        """Hand a batch over; what goes wrong is told when it should finish."""

    def finish(self) -> Sequence[bytes]:
        """Wait for its answers. Raises ReplicaDied, ComputationFailed."""

    def restart(self) -> None:
        """After its death. Raises ReplicaDied where it does not come back."""

    def close(self) -> None:
        """End it."""


class LocalReplica:
    """The network in the thread that asks."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._kind: Hashable = None
        self._rows: Sequence[bytes] = ()

    def start(self, kind: Hashable, rows: Sequence[bytes]) -> None:
        """Keep the batch."""
        self._kind, self._rows = kind, rows

    def finish(self) -> Sequence[bytes]:
        """Compute it. Raises ComputationFailed, ReplicaDied."""
        rows, self._rows = self._rows, ()
        try:
            return self._compute(self._kind, rows)
        except ReplicaDied:
            raise
        except Exception as error:
            raise ComputationFailed(traceback.format_exc()) from error

    def restart(self) -> None:
        """Nothing that could die apart from its process."""

    def close(self) -> None:
        """Nothing to end."""
