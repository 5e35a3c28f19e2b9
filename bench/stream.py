"""An open loop: requests come at random moments at a mean rate, whether or not the ones before are answered."""

import random
import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import Message

from bench.figures import percentile
from bench.frames import Line
from bench.quiet import without_collections

SEED = 7
WARM_SECONDS = 1.0
"""Answers of the beginning do not count."""
OK, CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED = 0, 1, 4, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What became of the requests of an open loop."""

    offered: float
    """Requests a second."""
    good: float
    """Of these, answered within the deadline."""
    p50_ms: float
    p99_ms: float
    """Of the answers."""
    refused: int
    refusal_p99_ms: float
    """From request to refusal; 0 where none was refused."""
    late: int
    """The deadline passed before an answer or a refusal came."""
    cut_off: int
    """Ended by the server's gRPC, before anybody looked at them."""
    failed: int
    """Anything else."""


@dataclass(slots=True)
class _Seen:
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    late: int = 0
    cut_off: int = 0
    failed: int = 0

    def note(self, status: int, seconds: float) -> None:
        if status == OK:
            self.answered.append(seconds)
        elif status == RESOURCE_EXHAUSTED:
            self.refused.append(seconds)
        elif status == DEADLINE_EXCEEDED:
            self.late += 1
        elif status == CANCELLED:
            self.cut_off += 1
        else:
            self.failed += 1


def open_loop(
    address: str, method: str, requests: Callable[[int], Message], *, rate: float, seconds: float, deadline: float
) -> Stream:
    """Send `rate` requests a second by a Poisson process, each with so many seconds to be answered."""
    loop = _OpenLoop(rate=rate, seconds=seconds, deadline=deadline)
    with Line(address, method, deadline) as line, without_collections():
        loop.drive(line, requests)
    return _stream(loop.seen, seconds, deadline)


class _OpenLoop:
    """Times are counted from when a request was due, so that a sender who falls behind hides nothing."""

    def __init__(self, *, rate: float, seconds: float, deadline: float) -> None:
        self.seen, self._warming = _Seen(), _Seen()
        self._rate, self._deadline, self._dice = rate, deadline, random.Random(SEED)
        self._began = self._due = time.perf_counter()
        self._end = self._began + WARM_SECONDS + seconds
        self._number = 0
        self._under_way: dict[int, float] = {}
        self._patience = deque[tuple[float, int]]()

    def drive(self, line: Line, requests: Callable[[int], Message]) -> None:
        while self._due < self._end or self._under_way:
            self._ask(line, requests)
            for call, status in line.heard(max(self._next() - time.perf_counter(), 0.0)):
                if (due := self._under_way.pop(call, None)) is not None:
                    self._counts(due).note(status, time.perf_counter() - due)
            self._give_up(line)

    def _ask(self, line: Line, requests: Callable[[int], Message]) -> None:
        """All that are due by now."""
        now = time.perf_counter()
        while self._due < min(now, self._end):
            call = line.ask(requests(self._number).SerializeToString())
            self._under_way[call] = self._due
            self._patience.append((now + self._deadline, call))
            self._due, self._number = self._due + self._dice.expovariate(self._rate), self._number + 1

    def _next(self) -> float:
        """When there is something to do, whatever is heard."""
        gives_up = self._patience[0][0] if self._patience else self._end
        return min(self._due, gives_up) if self._due < self._end else gives_up

    def _give_up(self, line: Line) -> None:
        now = time.perf_counter()
        while self._patience and self._patience[0][0] <= now:
            _, call = self._patience.popleft()
            if (due := self._under_way.pop(call, None)) is not None:
                self._counts(due).note(DEADLINE_EXCEEDED, now - due)
                line.give_up(call)

    def _counts(self, due: float) -> _Seen:
        return self._warming if due < self._began + WARM_SECONDS else self.seen


def _stream(seen: _Seen, seconds: float, deadline: float) -> Stream:
    offered = len(seen.answered) + len(seen.refused) + seen.late + seen.cut_off + seen.failed
    return Stream(
        offered=offered / seconds, good=sum(taken <= deadline for taken in seen.answered) / seconds,
        p50_ms=1000 * statistics.median(seen.answered or [0.0]), p99_ms=_p99_ms(seen.answered),
        refused=len(seen.refused), refusal_p99_ms=_p99_ms(seen.refused), late=seen.late, cut_off=seen.cut_off,
        failed=seen.failed,
    )  # fmt: skip


def _p99_ms(seconds: Sequence[float]) -> float:
    return 1000 * percentile(seconds, 0.99) if seconds else 0.0
