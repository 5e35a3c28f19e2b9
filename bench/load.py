"""A closed loop of callers: each sends its next request when the last one is answered."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import Message

from bench.figures import percentile
from bench.frames import Line
from bench.quiet import without_collections

WARM_SECONDS = 0.5
CALL_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a closed loop saw."""

    rate: float
    """Answers per second."""
    p50_ms: float
    p95_ms: float
    p99_ms: float
    answers: int
    """Over all the time, warm-up included: what the server's processor time was spent on."""
    errors: int
    """Calls that ended without an answer."""


class NoAnswer(RuntimeError):
    """Not one call was answered in time."""


def closed_loop(address: str, method: str, requests: Callable[[int], Message], *, callers: int, seconds: float) -> Load:
    """Keep `callers` calls of `method` ("/package.Service/Method") in flight for `seconds`, after a short warm-up.

    Raises NoAnswer.
    """
    loop = _ClosedLoop(requests, callers=callers, seconds=seconds)
    with Line(address, method, CALL_SECONDS) as line, without_collections():
        loop.drive(line)
    if not loop.latencies:
        raise NoAnswer(f"{method} at {address}: {loop.errors} calls failed and none was answered within {seconds:g} s")
    return Load(
        rate=len(loop.latencies) / seconds,
        p50_ms=1000 * statistics.median(loop.latencies),
        p95_ms=1000 * percentile(loop.latencies, 0.95),
        p99_ms=1000 * percentile(loop.latencies, 0.99),
        answers=loop.answers,
        errors=loop.errors,
    )


class _ClosedLoop:
    """What each caller asks next, and what all saw."""

    def __init__(self, requests: Callable[[int], Message], *, callers: int, seconds: float) -> None:
        self._requests, self._callers = requests, callers
        self._began = time.perf_counter() + WARM_SECONDS
        self._end = self._began + seconds
        self._under_way: dict[int, tuple[int, float]] = {}
        self.latencies: list[float] = []
        self.answers, self.errors = 0, 0

    def drive(self, line: Line) -> None:
        for number in range(self._callers):
            self._ask(line, number)
        while self._under_way:
            for call, status in line.heard(CALL_SECONDS):
                if (begun := self._under_way.pop(call, None)) is None:
                    continue
                number, sent = begun
                self._note(status, sent)
                if time.perf_counter() < self._end:
                    self._ask(line, number + self._callers)
            self._give_up(line)

    def _ask(self, line: Line, number: int) -> None:
        call = line.ask(self._requests(number).SerializeToString())
        self._under_way[call] = number, time.perf_counter()

    def _note(self, status: int, sent: float) -> None:
        if status:
            self.errors += 1
            return
        self.answers += 1
        answered = time.perf_counter()
        if sent >= self._began and answered <= self._end:
            self.latencies.append(answered - sent)

    def _give_up(self, line: Line) -> None:
        """On those that have waited for too long: the oldest come first."""
        while self._under_way:
            call, (_, sent) = next(iter(self._under_way.items()))
            if time.perf_counter() - sent < CALL_SECONDS:
                return
            del self._under_way[call]
            self.errors += 1
            line.give_up(call)
