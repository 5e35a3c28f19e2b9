"""The port that Prometheus reads: plain HTTP, on loopback unless an address says otherwise."""

import os
import threading
from collections.abc import Sequence
from typing import Self
from wsgiref.simple_server import WSGIServer

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector, start_http_server
from prometheus_client.registry import Collector, CollectorRegistry

LOOPBACK = "127.0.0.1"
LAST_PORT = 65_535


class PortRefused(ValueError):
    """The address means nothing, or cannot be had."""


class Exposition:
    """Answers GET /metrics until it is closed."""

    def __init__(self, server: WSGIServer, thread: threading.Thread) -> None:
        self._server = server
        self._thread = thread

    @classmethod
    def at(cls, listen: str, collectors: Sequence[Collector], *, variable: str) -> Self:
        """Bound and answering, with figures of the process beside those of the collectors.

        `listen` is host:port, or a port of loopback; 0 takes a free one. Raises PortRefused, which names the `variable`
        which it came from.
        """
        host, port = _parts(listen, variable)
        registry = CollectorRegistry(auto_describe=False)
        for collector in collectors:
            registry.register(collector)
        for figures_of_process in (ProcessCollector, PlatformCollector, GCCollector):
            figures_of_process(registry=registry)
        try:
            server, thread = start_http_server(port, host, registry)
        except OSError as error:
            raise PortRefused(f"{variable}: cannot listen on {host}:{port}: {error.strerror or error}") from error
        # A worker's child that outlives it must not keep the port from the next worker.
        os.register_at_fork(after_in_child=server.socket.close)
        return cls(server, thread)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def close(self) -> None:
        """Give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _parts(listen: str, variable: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or int(port) > LAST_PORT:
        raise PortRefused(f"{variable}: {listen!r} is neither host:port nor a port, such as 127.0.0.1:9464 or 9464")
    return host.strip("[]") or LOOPBACK, int(port)
