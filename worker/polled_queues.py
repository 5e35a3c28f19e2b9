"""PGMQ's queues on Celery's event loop, which gives each of a worker's processes a pipe of its own.

Without a loop Celery's processes share one queue and its lock, and a process that is killed while it waits for work,
as the kernel does where memory is short, takes the lock along: none that follows it would ever get a task.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any

from kombu.asynchronous import Hub
from kombu.exceptions import ConnectionError as ConnectionLost
from kombu.transport import TRANSPORT_ALIASES, pgmq
from pgmq import PGMQueue

from database.failures import READ_ONLY
from database.work.broker import Queues

SCHEME = "pgmq-polled"
POLL_SECONDS = 0.1


class Channel(pgmq.Channel):
    """A message that cannot be returned or receipted comes again in its time, and takes up nobody's room until then."""

    @property
    def pgmq(self) -> PGMQueue:
        """Raises ConnectionLost for a task that ends after the connection which brought it; Celery goes on after it."""
        if self.connection is None:
            raise ConnectionLost("the connection that brought this message is closed")
        return super().pgmq

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's
        """Raises psycopg.OperationalError when the database is away."""
        with self._room_again(delivery_tag):
            super().basic_ack(delivery_tag, multiple)  # type: ignore[no-untyped-call] # kombu has few types

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's
        """Raises psycopg.OperationalError when the database is away."""
        with self._room_again(delivery_tag):
            super().basic_reject(delivery_tag, requeue)  # type: ignore[no-untyped-call] # likewise

    @contextmanager
    def _room_again(self, delivery_tag: str) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.qos.ack(delivery_tag)
            raise


class PolledQueues(pgmq.Transport):
    """Celery's transport for addresses of that scheme: asks for messages by the clock of the loop."""

    Channel = Channel
    connection_errors = (*pgmq.Transport.connection_errors, READ_ONLY)
    """Also of a server that became one which follows another: who connects anew may find the other."""
    implements = pgmq.Transport.implements.extend(asynchronous=True)

    def _create_pgmq_client(self) -> Queues:
        assert self.client is not None, "made with the transport"
        options: dict[str, Any] = self.client.transport_options or {}
        return Queues(**options["queues"])

    def register_with_event_loop(self, _connection: object, loop: Hub) -> None:
        """Celery takes the clock away again when the connection is lost."""
        loop.call_repeatedly(POLL_SECONDS, self._deliver_waiting)

    def _deliver_waiting(self) -> None:
        """As many messages as there is room for. Raises psycopg.OperationalError when the database is away."""
        assert self.cycle is not None, "made with the transport"
        try:
            while True:
                self.cycle.get(self._deliver, timeout=0)
        except Empty:
            pass


def register() -> None:
    """Let Celery know the scheme."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{PolledQueues.__name__}"
