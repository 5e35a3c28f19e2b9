"""A provider of messages on loopback: it answers what the test says, and remembers what it was sent."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class Provider:
    """Keys and documents, in the order of their arrival."""

    address: str = ""
    answer: Callable[[dict[str, Any]], int] = lambda _: 200
    garbled: bool = False
    """Whether it says that its answers are compressed, and they are not."""
    retry_after: str | None = None
    problem: str | None = None
    """The title of a problem (RFC 9457) that it answers with."""
    endless: bool = False
    """Whether each answer goes on, byte by byte, until the caller hangs up."""
    came: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def customers(self) -> list[str]:
        return sorted(document["customer"] for _, document in self.came)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """Of the usual 5 the rest of thirty at once knock again after seconds."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = provider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert isinstance(self.server, _Server)
        provider, length = self.server.provider, int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # the sender was killed
            return
        document = json.loads(body)
        provider.came.append((self.headers["Idempotency-Key"], document))
        if provider.endless:
            self._dribble()
            return
        words = b"taken" if provider.garbled else b""
        self.send_response(provider.answer(document))
        if provider.problem is not None:
            words = json.dumps({"title": provider.problem}).encode()
            self.send_header("Content-Type", "application/problem+json; charset=utf-8")
        if provider.retry_after is not None:
            self.send_header("Retry-After", provider.retry_after)
        self.send_header("Content-Length", str(len(words)))
        if provider.garbled:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(words)

    def _dribble(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b" ")
                time.sleep(0.01)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def providing(answer: Callable[[dict[str, Any]], int] = lambda _: 200) -> Iterator[Provider]:
    provider = Provider(answer=answer)
    server = _Server(provider)
    provider.address = f"http://127.0.0.1:{server.server_port}/send"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
