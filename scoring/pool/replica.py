"""What computes batches: here in this process; `process.py` has the one that stands apart."""

import traceback
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, Protocol

from scoring.pool.aside import Aside
from scoring.pool.refusals import ComputationFailed, ReplicaDied, ReplicaSilent

BATCH_SECONDS = 60.0
"""After which a replica that says nothing is given up."""

Payload = bytes | memoryview
Compute = Callable[[Any, Sequence[Payload]], Sequence[bytes]]
"""The network: one answer for each row of a batch of one kind, in their order. Rows are lent for the call.

Raises ReplicaDied where nothing can be computed in this process any more; anything else is the fault of the rows.
"""

Patience = Callable[[Hashable], float]
"""The seconds for a batch of this kind."""


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
    """The network in a thread of this process. Nothing can end a thread: of one that hangs, the replica is dead."""

    def __init__(self, compute: Compute, *, patience: Patience = lambda _kind: BATCH_SECONDS) -> None:
        self._compute, self._patience = compute, patience
        self._aside = Aside()
        self._seconds = BATCH_SECONDS
        self._batch: Future[Sequence[bytes]] = Future()
        self._renewed = False

    def start(self, kind: Hashable, rows: Sequence[bytes]) -> None:
        """Begin to compute it."""
        self._renewed, self._seconds = False, self._patience(kind)
        self._batch = self._aside.begin(partial(self._compute, kind, rows))

    def finish(self) -> Sequence[bytes]:
        """Its answers. Raises ComputationFailed, ReplicaDied, ReplicaSilent."""
        wait([self._batch], self._seconds)
        if not self._batch.done():
            raise ReplicaSilent(f"the network said nothing for {self._seconds:g} s")
        try:
            return self._batch.result()
        except ReplicaDied:
            raise
        except Exception as error:
            raise ComputationFailed(traceback.format_exc()) from error

    def renew(self) -> None:
        """Another network computes from the next batch on: a batch that hangs in the one before is left behind."""
        self._renewed = True

    def restart(self) -> None:
        """Raises ReplicaDied as long as the network hangs."""
        if self._batch.done():
            return
        if not self._renewed:
            raise ReplicaDied("the network hangs: another model, or a restart of the server, takes its place")
        self.close()
        self._aside = Aside()

    def close(self) -> None:
        """End the thread, if it comes back."""
        self._aside.close()
