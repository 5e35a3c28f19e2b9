"""Who connects and asks nothing does not keep the connection."""

import socket

import pytest

from server.access.admission import Admission
from server.front import port
from server.front.port import Front

SOON = {"grpc.server_handshake_timeout_ms": 300, "grpc.max_connection_idle_ms": 300}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
"""With settings that are empty: what every client begins with."""


def test_a_connection_on_which_nothing_is_asked_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    soon = tuple((name, SOON.get(name, value)) for name, value in port.OPTIONS)
    monkeypatch.setattr(port, "OPTIONS", soon)
    front = Front()
    address = ("127.0.0.1", front.bind("127.0.0.1:0", Admission(insecure=True)))
    front.start()
    with socket.create_connection(address, 20) as silent, socket.create_connection(address, 20) as idle:
        idle.sendall(PREFACE)
        for caller in (silent, idle):
            while caller.recv(1000):
                pass
    front.loop.run(front._server.stop(0))
    front.loop.close()
