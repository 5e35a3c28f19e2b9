"""The port, and what answers at it: the event loop, every service's methods, and what grpc.health says."""

import os
import threading

import grpc
from grpc_health.v1 import health_pb2_grpc

from server.access.admission import Admission
from server.front.address import bind
from server.front.guard import Guard
from server.front.health import SERVING, Health
from server.front.loop import Loop
from server.front.methods import Methods

MOST_PENDING = 128
OPTIONS = (
    # Two servers on one port would share callers silently.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    # Calls that wait to be taken up, where nobody can refuse them: beyond so many at one moment gRPC cuts them off (at
    # random between two bounds, and these are one). Without that nothing but calls whose time is up is taken up, once
    # more come than can be.
    ("grpc.server.max_pending_requests", MOST_PENDING),
    ("grpc.server.max_pending_requests_hard_limit", MOST_PENDING + 1),
    # Who opens a connection and says nothing, or asks nothing for minutes, does not keep it; a client that asks again
    # connects anew by itself.
    ("grpc.server_handshake_timeout_ms", 20_000),
    ("grpc.max_connection_idle_ms", 600_000),
    # Clients may look whether the line is alive, as `tierwise_client` does; gRPC itself allows it every five minutes.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


class Front:
    """Driven by threads; all that it does happens in its event loop."""

    def __init__(self) -> None:
        self.loop = Loop()
        self._health = Health()
        self._server = self.loop.run(new_server())

    def tell(self, service: str, status: int) -> None:
        """To whoever asks for the health of what has this name."""
        self.loop.run(self._health.set(service, status))

    def open(self, guard: Guard) -> Methods:
        """Where services are added; health is there already."""
        methods = Methods(guard.wrap)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, methods.as_server)
        self._server.add_generic_rpc_handlers([methods])
        return methods

    def bind(self, listen: str, admission: Admission) -> int:
        """Take the address, and answer with the port. Raises ValueError, or RuntimeError where it is taken."""
        return bind(self._server, listen, admission)

    def start(self) -> None:
        """Answer; by health the server as a whole is well from here on."""
        self.tell("", SERVING)
        self.loop.run(self._server.start())

    def say_goodbye(self) -> None:
        """By health: whoever watches it turns elsewhere."""
        self.loop.run(self._health.enter_graceful_shutdown())

    def stop(self, guard: Guard, grace_seconds: float) -> None:
        """Refuse new calls, and let those under way finish within the grace."""
        stopped = self.loop.begin(self._server.stop(grace_seconds))
        # Streams such as a health watch end only when they are cut off, and should not use up the grace.
        guard.settle(grace_seconds)
        self.loop.run(self._server.stop(0))
        stopped.result()


async def new_server() -> grpc.aio.Server:
    """Threads of gRPC's own, which it begins here and later, are batch work to the kernel, as they inherit it.

    They would push aside the loop, which they work for, thousands of times a second. The one that hands their results
    to the loop stays as it is, so that no replica keeps it waiting.
    """
    there = {*threading.enumerate()}
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        server = grpc.aio.server(options=OPTIONS)
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    for begun in {*threading.enumerate()} - there:
        if begun.native_id is not None:
            os.sched_setscheduler(begun.native_id, os.SCHED_OTHER, os.sched_param(0))
    return server
