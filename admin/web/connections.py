"""Connections to the web admin: so many at most, and none for whoever does not say in time what they want."""

import asyncio
import logging

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 500
"""Fewer than a process may have files open: where those run out, asyncio writes thousands of tracebacks a second."""
AT_ONCE = 128
"""Newcomers that asyncio takes in before it looks at any."""
PATIENCE_SECONDS = 30.0
"""For a request to come in whole, where it comes no faster than so many bytes a second."""
LEAST_BYTES_A_SECOND = 1000

log = logging.getLogger("admin")


class Connection(H11Protocol):
    """Of one caller. How long an answer takes, and to read it, is not limited here."""

    _since: float
    """When the connection began, or the last answer was given; what comes in moves it on, a file for minutes."""
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Beyond so many it is closed at once."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if len(self.connections) > MOST:
            if len(self.connections) == MOST + 1:
                log.warning("there are %d connections: the next are refused until some of them end", MOST)
            transport.abort()
            return
        self._look_later(PATIENCE_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Each byte buys some time."""
        self._since = min(self.loop.time(), self._since + len(data) / LEAST_BYTES_A_SECOND)
        super().data_received(data)

    def on_response_complete(self) -> None:
        """The next request has time from here on."""
        self._since = self.loop.time()
        super().on_response_complete()

    def _look(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        left = PATIENCE_SECONDS if answering else self._since + PATIENCE_SECONDS - self.loop.time()
        if left > 0:
            self._look_later(left)
        else:
            self.transport.abort()

    def _look_later(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._look)
