"""Requests whose bytes are no message: refused like any other that is malformed, and not by gRPC as a defect."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError, Message

from server.wire.refusals import FieldViolation


class Unreadable:
    """Stands in the place of the request until it is known who asks."""

    def __init__(self, error: DecodeError) -> None:
        self._error = error

    def violation(self) -> FieldViolation:
        """What the caller is told; of the whole request, since no field of it is known."""
        return FieldViolation("request", f"{self._error}; are its protos this server's, and its texts UTF-8?")


def sparing(read: Callable[[bytes], Message] | None) -> Callable[[bytes], Any]:
    """The same reader of requests, which gives an Unreadable where it would raise."""
    assert read is not None, "generated code has a reader for every request"

    def reading(content: bytes) -> Message | Unreadable:
        try:
            return read(content)
        except DecodeError as error:
            return Unreadable(error)

    return reading
