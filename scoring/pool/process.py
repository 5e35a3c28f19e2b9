"""A replica in a process of its own, which shares neither the interpreter lock nor the fate of this one."""

import os
import pickle
import signal
import socket
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress

from scoring.pool.memory import Block
from scoring.pool.refusals import ComputationFailed, GivenUp, ReplicaDied, ReplicaSilent
from scoring.pool.replica import BATCH_SECONDS, Compute, Patience
from scoring.pool.zygote import Zygote

DONE, FAILED = b"+", b"-"
"""What a replica says; the block holds the answers, or the traceback."""
GO = b"."
START_SECONDS = 120.0
"""After which a process that says nothing is taken for dead, and killed."""

ASK_SECONDS = 0.5
"""Between two questions whether a process is still wanted."""

Wanted = Callable[[], bool]


class Process:
    """Rows go over in one block of shared memory, one byte wakes the other side; when it dies its stream ends."""

    def __init__(self, zygote: Zygote, make: Callable[[], Compute], wanted: Wanted | None = None) -> None:
        """`make` is pickled, and called there. Raises ComputationFailed where it fails, ReplicaDied, GivenUp."""
        self._block = Block.new()
        self._socket, theirs = socket.socketpair()
        try:
            with theirs:
                self.pid = zygote.fork(pickle.dumps(make), [theirs.fileno(), self._block.descriptor])
            self._heard(START_SECONDS, wanted)
        except OSError as error:
            self.close()
            raise ReplicaDied("no process can be started") from error
        except BaseException:
            self.close()
            raise

    def start(self, kind: Hashable, rows: Sequence[bytes]) -> None:
        """Hand a batch over; that it is dead, or that memory lacks room for the batch, shows when it should finish."""
        try:
            self._block.write([pickle.dumps(kind), *rows])
            self._socket.send(GO)
        except OSError:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def finish(self, seconds: float = BATCH_SECONDS, wanted: Wanted | None = None) -> list[bytes]:
        """Its answers. Raises ReplicaDied, ReplicaSilent after so many seconds, ComputationFailed, GivenUp."""
        return self._heard(seconds, wanted)

    def close(self) -> None:
        """It ends when it reads the end of the stream."""
        self._socket.close()
        self._block.close()

    def _heard(self, seconds: float, wanted: Wanted | None = None) -> list[bytes]:
        try:
            said = self._said(seconds, wanted)
        except (ReplicaSilent, GivenUp):
            os.kill(self.pid, signal.SIGKILL)
            raise
        except OSError as error:
            raise ReplicaDied(f"process {self.pid} is gone") from error
        if not said:
            raise ReplicaDied(f"process {self.pid} ended")
        rows = [bytes(row) for row in self._block.read()]
        if said == FAILED:
            raise ComputationFailed(rows[0].decode())
        return rows

    def _said(self, seconds: float, wanted: Wanted | None) -> bytes:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left if wanted is None else min(left, ASK_SECONDS))
            with suppress(TimeoutError):
                return self._socket.recv(1)
            if wanted is not None and not wanted():
                raise GivenUp
        raise ReplicaSilent(f"process {self.pid} said nothing for {seconds:g} s")


class ProcessReplica:
    """A process that is started again when it dies, and exchanged between two batches for one with other models."""

    def __init__(
        self, zygote: Zygote, make: Callable[[], Compute] | None = None, *,
        patience: Patience = lambda _kind: BATCH_SECONDS,
    ) -> None:  # fmt: skip
        """Without `make` it waits to be renewed. Raises as Process does."""
        self._zygote, self._make, self._patience = zygote, make, patience
        self._seconds = BATCH_SECONDS
        self._lock = threading.Lock()
        self._busy = False
        self._process = None if make is None else Process(zygote, make)
        self._next: Process | None = None

    @property
    def pid(self) -> int:
        """Of the process at this moment."""
        assert self._process is not None
        return self._process.pid

    def start(self, kind: Hashable, rows: Sequence[bytes]) -> None:
        """Hand a batch over."""
        with self._lock:
            self._busy = True
        self._seconds = self._patience(kind)
        if self._process is not None:
            self._process.start(kind, rows)

    def finish(self) -> Sequence[bytes]:
        """Its answers. Raises ReplicaDied, ReplicaSilent, ComputationFailed."""
        try:
            if self._process is None:
                raise ReplicaDied("it has not been started")
            return self._process.finish(self._seconds)
        finally:
            with self._lock:
                self._busy = False
                self._exchange()

    def renew(self, process: Process, make: Callable[[], Compute]) -> None:
        """From the next batch on compute there, and so does what is started in its place."""
        with self._lock:
            if self._next is not None:
                self._next.close()
            self._next, self._make = process, make
            if not self._busy:
                self._exchange()

    def restart(self) -> None:
        """Another process in its place, unless it is renewed meanwhile. Raises ReplicaDied."""
        make = self._make
        if make is None:
            raise ReplicaDied("it has not been started")
        try:
            process = Process(self._zygote, make)
        except ComputationFailed as error:
            raise ReplicaDied("the replica does not start any more") from error
        outdated: Process | None = process
        with self._lock:
            if self._make is make:
                outdated, self._process = self._process, process
        if outdated is not None:
            outdated.close()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            for process in (self._process, self._next):
                if process is not None:
                    process.close()
            self._process = self._next = None

    def _exchange(self) -> None:
        if self._next is not None:
            if self._process is not None:
                self._process.close()
            self._process, self._next = self._next, None
