"""Who opens connections to the web admin and does not say what they want keeps nobody else out."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from running.worker_processes import wait_for
from starlette.types import Receive, Scope, Send

from admin.web import connections
from admin.web.connections import Connection

WHOLE = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def app(_scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port() -> Iterator[int]:
    config = uvicorn.Config(app, port=0, http=Connection, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = threading.Thread(target=server.run, args=([listener],))
        running.start()
        wait_for(lambda: server.started)
        yield listener.getsockname()[1]
        server.should_exit = True
        running.join()


@contextmanager
def saying(port: int, words: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as caller:
        caller.sendall(words)
        yield caller


def ended(caller: socket.socket) -> bool:
    try:
        while caller.recv(1000):
            pass
    except ConnectionResetError:
        return True
    return True


def test_a_request_that_does_not_come_in_whole_ends_and_others_are_answered(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.3)
    half = WHOLE[:-2]
    with saying(port, b"") as silent, saying(port, half) as slow, saying(port, WHOLE) as good:
        answer = good.recv(1000)
        good.sendall(half)

        assert answer.startswith(b"HTTP/1.1 200")
        assert [ended(caller) for caller in (silent, slow, good)] == [True] * 3


def test_a_file_that_comes_in_steadily_is_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.3)
    with saying(port, b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5000\r\n\r\n") as caller:
        for _ in range(10):
            time.sleep(0.1)
            caller.sendall(b"x" * 500)
        assert caller.recv(1000).startswith(b"HTTP/1.1 200")


def test_beyond_so_many_connections_the_next_is_refused(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 1)
    with saying(port, b"") as first, saying(port, b"") as second:
        assert ended(second)
        first.sendall(WHOLE)
        assert first.recv(1000).startswith(b"HTTP/1.1 200")
