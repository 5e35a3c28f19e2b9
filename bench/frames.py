"""Unary gRPC calls as bare HTTP/2 frames: what a measured server shares its cores with must cost next to nothing.

It forbids the server a table of headers for answers (RFC 7541, 4.2), so that a status can be found without decoding
what came before, and leaves room for whatever is answered (RFC 9113, 5.2).
"""

import select
import socket
import struct
from collections.abc import Iterator
from types import TracebackType
from typing import Self

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACK = END_STREAM = 1
END_HEADERS = 4
TABLE_SIZE, WINDOW = 1, 4
"""Settings."""
CANCEL = struct.pack(">I", 8)
LARGEST_WINDOW, FIRST_WINDOW = 2**31 - 1, 65_535
HEAD = struct.Struct(">HBBBI")
"""Of a frame: 24 bits of length, kind, flags, stream."""
POST_HTTP = b"\x83\x86"
"""By their places in the static table."""
AS_BEFORE = POST_HTTP + bytes(128 | place for place in range(66, 61, -1))
"""All headers of the first call: five in the table of those that were named, which begins at 62 with the last."""
STATUS = b"\x0bgrpc-status"
CANCELLED, UNAVAILABLE = 1, 14
READ_BYTES = 2**18


class LineDownError(RuntimeError):
    """The server ended the connection, or does not read what is sent to it."""


class Line:
    """One connection for calls of one method, as many at a time as there are; not safe for threads."""

    def __init__(self, address: str, method: str, seconds: float) -> None:
        """`seconds` are each call's to be answered; whoever waits has to give up by themselves."""
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(0)
        self._headers = _headers(address, method, seconds)
        self._stream, self._room, self._read = -1, FIRST_WINDOW, 0
        settings = struct.pack(">HIHI", TABLE_SIZE, 0, WINDOW, LARGEST_WINDOW)
        self._out = bytearray(PREFACE + _frame(SETTINGS, 0, 0, settings))
        self._in = b""
        self._widen(LARGEST_WINDOW - FIRST_WINDOW)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> int:
        """Begin a call when `heard` is next called; its number. A request must fit into one frame: 16 KB."""
        self._stream += 2
        message = struct.pack(">BI", 0, len(request)) + request
        self._room -= len(message)
        if self._room < 0:
            raise LineDownError("the server reads no more")
        self._out += _frame(HEADERS, END_HEADERS, self._stream, self._headers)
        self._headers = AS_BEFORE
        self._out += _frame(DATA, END_STREAM, self._stream, message)
        return self._stream

    def give_up(self, call: int) -> None:
        """Nobody waits for it any more."""
        self._out += _frame(RESET, 0, call, CANCEL)

    def heard(self, seconds: float) -> Iterator[tuple[int, int]]:
        """Calls that ended, and their status, as soon as there are any; none when the time is up."""
        if self._out:
            self._send()
        readable, _, _ = select.select([self._socket], [self._socket] if self._out else [], [], seconds)
        if readable:
            yield from self._received()

    def _send(self) -> None:
        try:
            del self._out[: self._socket.send(self._out)]
        except BlockingIOError:
            return

    def _received(self) -> Iterator[tuple[int, int]]:
        came = self._socket.recv(READ_BYTES)
        if not came:
            raise LineDownError("the server ended the connection")
        self._read += len(came)
        if self._read > READ_BYTES:
            self._widen(self._read)
            self._read = 0
        data, at = self._in + came, 0
        while at + HEAD.size <= len(data):
            high, low, kind, flags, stream = HEAD.unpack_from(data, at)
            end = at + HEAD.size + (high << 8 | low)
            if end > len(data):
                break
            if kind == HEADERS and flags & END_STREAM:
                yield stream, _status(data[at + HEAD.size : end])
            elif kind == RESET:
                yield stream, CANCELLED if data[at + HEAD.size : end] == CANCEL else UNAVAILABLE
            elif kind > RESET:
                self._obey(kind, flags, stream, data[at + HEAD.size : end])
            at = end
        self._in = data[at:]

    def _obey(self, kind: int, flags: int, stream: int, body: bytes) -> None:
        """What is said about the connection as a whole."""
        if kind == WINDOW_UPDATE and stream == 0:
            self._room += int.from_bytes(body)
        elif kind in (SETTINGS, PING) and not flags & ACK:
            self._out += _frame(kind, ACK, 0, body if kind == PING else b"")
        elif kind == GOAWAY:
            raise LineDownError(f"the server goes away: {body[8:].decode(errors='replace')}")

    def _widen(self, size: int) -> None:
        self._out += _frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", size))


def _frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return HEAD.pack(len(body) >> 8, len(body) & 255, kind, flags, stream) + body


def _headers(address: str, method: str, seconds: float) -> bytes:
    """Of the first call: what is named in full is in the server's table from then on."""
    named = {
        ":path": method, ":authority": address, "te": "trailers", "content-type": "application/grpc",
        "grpc-timeout": f"{round(1000 * seconds)}m",
    }  # fmt: skip
    return POST_HTTP + b"".join(b"\x40" + _text(name) + _text(value) for name, value in named.items())


def _text(value: str) -> bytes:
    """Of up to 126 symbols, not compressed."""
    return bytes([len(value)]) + value.encode()


def _status(block: bytes) -> int:
    """Of trailers in which names and values stand as they are."""
    at = block.find(STATUS)
    if at < 0:
        return UNAVAILABLE
    value = at + len(STATUS) + 1
    return int(block[value : value + block[value - 1]])
