"""Calls as bare frames, against gRPC's own server."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from bench.frames import CANCELLED, HEAD, READ_BYTES, RESET, UNAVAILABLE, Line, LineDownError
from bench.shop import free_address

METHOD = "/tests.Frames/Answer"
OK, RESOURCE_EXHAUSTED, UNIMPLEMENTED = 0, 8, 12
LONG = 10.0


class Answering:
    """Answers bytes with as many bytes as they say, unless they say what else to do."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.gone = threading.Event()

    def answer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.asked.append(request)
        if request == b"refuse":
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much")
        if request == b"wait":
            if not context.add_callback(self.gone.set):  # it has ended already
                self.gone.set()
            self.gone.wait(LONG)
        return b"x" * int(request) if request.isdigit() else request


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def address(answering: Answering) -> Iterator[str]:
    place = free_address()
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(answering.answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("tests.Frames", {"Answer": handler}),))
    server.add_insecure_port(place)
    server.start()
    yield place
    answering.gone.set()
    server.stop(0).wait()


def ended(line: Line, calls: int) -> dict[int, int]:
    """The status of each, once so many have ended."""
    found: dict[int, int] = {}
    until = time.monotonic() + LONG
    while len(found) < calls and time.monotonic() < until:
        found |= dict(line.heard(0.1))
    return found


def test_each_call_is_told_how_it_ended(address: str, answering: Answering) -> None:
    with Line(address, METHOD, LONG) as line:
        calls = {
            line.ask(request): status for request, status in ((b"a", OK), (b"refuse", RESOURCE_EXHAUSTED), (b"", OK))
        }
        assert ended(line, 3) == calls
    assert sorted(answering.asked) == [b"", b"a", b"refuse"]
    with Line(address, "/tests.Frames/Other", LONG) as line:
        assert ended(line, 1 if line.ask(b"a") else 0) == {1: UNIMPLEMENTED}


def test_hundreds_of_calls_may_be_under_way(address: str, answering: Answering) -> None:
    with Line(address, METHOD, LONG) as line:
        calls = {line.ask(str(number).encode()) for number in range(300)}
        assert ended(line, 300) == dict.fromkeys(calls, OK)
    assert len(set(answering.asked)) == 300


def test_answers_may_be_larger_than_what_is_read_at_once(address: str) -> None:
    with Line(address, METHOD, LONG) as line:
        calls = {line.ask(str(READ_BYTES).encode()) for _ in range(12)}
        assert ended(line, 12) == dict.fromkeys(calls, OK)


def test_more_may_be_sent_than_the_first_window_holds_as_long_as_the_server_reads(address: str) -> None:
    with Line(address, METHOD, LONG) as line:
        for _ in range(8):
            line.ask(b"y" * 16_000)
            assert list(ended(line, 1).values()) == [OK]


def test_the_server_knows_how_long_a_call_may_take(address: str, answering: Answering) -> None:
    with Line(address, METHOD, 0.05) as line:
        line.ask(b"wait")
        assert OK not in ended(line, 1).values()
        assert not answering.asked or answering.gone.wait(LONG), "what comes too late is not begun"


def test_the_server_hears_that_nobody_waits(address: str, answering: Answering) -> None:
    with Line(address, METHOD, LONG) as line:
        call = line.ask(b"wait")
        while not answering.asked:
            assert list(line.heard(0.01)) == []
        line.give_up(call)
        list(line.heard(0.0))
        assert answering.gone.wait(LONG)


def test_a_server_that_reads_no_more_is_noticed(address: str) -> None:
    with Line(address, METHOD, LONG) as line, pytest.raises(LineDownError, match="reads no more"):
        line.ask(b"y" * 70_000)


@pytest.mark.parametrize(("code", "status"), [(8, CANCELLED), (2, UNAVAILABLE)])
def test_a_call_that_the_server_cuts_off_has_ended(code: int, status: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        with Line(f"{host}:{port}", METHOD, LONG) as line, listener.accept()[0] as server:
            server.sendall(HEAD.pack(0, 4, RESET, 0, line.ask(b"a")) + code.to_bytes(4))
            assert ended(line, 1) == {1: status}


def test_a_server_that_ends_the_connection_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        with Line(f"{host}:{port}", METHOD, LONG) as line:
            listener.accept()[0].close()
            with pytest.raises(LineDownError, match="ended"):
                ended(line, 1)
