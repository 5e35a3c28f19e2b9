"""A process that has imported everything and does nothing but fork, so that a replica is there at once.

Replicas share its memory until they write to it. It has no threads, and ends with the process that started it.
"""

import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

NEWS_BYTES = 2**20
"""Of one order to fork; more than any has."""
FORK_SECONDS = 60.0


class Zygote:
    """Started on first use, and again when it is gone."""

    def __init__(self, imports: Sequence[str]) -> None:
        """`imports` are modules that replicas will need."""
        self._imports = tuple(imports)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._closed = False

    def fork(self, order: bytes, descriptors: Sequence[int]) -> int:
        """The pid of a new process that does what the order says (see hatched.py) with these. Raises OSError."""
        with self._lock:
            with suppress(OSError):
                return self._asked(order, descriptors)
            self._end()
            return self._asked(order, descriptors)

    def close(self) -> None:
        """Fork no more, not even what is being waited for; replicas stay until their own streams end."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._end()

    def _asked(self, order: bytes, descriptors: Sequence[int]) -> int:
        if self._closed:
            raise ConnectionError("the zygote is closed")
        link = self._socket or self._started()
        socket.send_fds(link, [order], descriptors)
        said = link.recv(16)
        if not said:
            raise ConnectionError("the zygote ended")
        return int(said)

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            program = (
                f"import sys; sys.path[:] = {sys.path!r}; from scoring.pool import hatched; "
                f"hatched.zygote({theirs.fileno()}, {self._imports!r})"
            )
            self._process = subprocess.Popen(
                [sys.executable, "-c", program], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        ours.settimeout(FORK_SECONDS)
        self._socket = ours
        return ours

    def _end(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.wait()
        self._socket = self._process = None
