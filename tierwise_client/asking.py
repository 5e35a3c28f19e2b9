"""A question and its repetitions, until there is an answer or the time is up."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from tierwise_client.errors import Changed, DeadlineExceeded, Overloaded, TierwiseError, Unavailable, error_of

Response = TypeVar("Response", bound=Message)

AWAY_SECONDS = 1.0
"""Until a server is asked again that gRPC found away several times."""
CUT_OFF_SECONDS = 0.1
"""At most, until one is asked again that had no time to take the call up, or whose changes met; each further time twice
as long."""
LATEST = 1.25
"""Times what the server asks for, so that those whom it sent away do not all come back at once."""


def ask(method: Callable[..., Response], request: Message, seconds: float) -> Response:
    """Raises TierwiseError, and ValueError on a channel that was closed."""
    deadline = time.monotonic() + seconds
    away: Unavailable | None = None
    cut_off = CUT_OFF_SECONDS
    while True:
        try:
            return method(request, timeout=deadline - time.monotonic())
        except grpc.RpcError as failed:
            error = error_of(failed)
        if isinstance(error, Unavailable):
            away = error
        elif isinstance(error, DeadlineExceeded) and away is not None:
            # The time ran out while gRPC looked for the server.
            raise away
        pause = _pause(error, cut_off)
        if pause is None or time.monotonic() + pause >= deadline:
            raise error
        if error.code in ("CANCELLED", "ABORTED"):
            cut_off *= 2
        time.sleep(pause)


def _pause(error: TierwiseError, cut_off: float) -> float | None:
    """How long to wait before asking again; None where that does not help."""
    match error:
        case Unavailable(retry_after=seconds):
            return (seconds or AWAY_SECONDS) * random.uniform(1, LATEST)
        case Overloaded(code="CANCELLED") | Changed(reason="CONFLICT"):
            return random.uniform(0, cut_off)
        case Overloaded(retry_after=float(seconds)) if seconds:
            return seconds * random.uniform(1, LATEST)
    return None
