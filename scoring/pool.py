"""Dynamic batching: one query and one forward pass for all callers who wait at the moment.

A dispatcher takes whatever waits as soon as it is free, so a lone caller never waits for company, and under load
batches grow by themselves. The queue is bounded. Work that cannot be done in time is refused on arrival, and what
expired or was cancelled while it waited is dropped before it costs anything.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, TypeVar

from scoring.batch import Batch, Observer, Release, Ticket, unobserved

Request = TypeVar("Request")
Loaded = TypeVar("Loaded")
Answer = TypeVar("Answer")

SMOOTHING = 0.2
"""Weight of the newest batch in the running mean of the seconds that a batch takes."""
SHORTEST_RETRY = 0.05
"""Seconds; nobody is told to come back sooner."""


class Overloaded(Exception):
    """The queue is full, or too long for the deadline."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds until what waits is likely done."""


class Expired(Exception):
    """The deadline passed before the work began."""


class Closed(Exception):
    """The pool takes no more work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFigures:
    """What a pool did since it was made, and what it holds."""

    submitted: int = 0
    answered: int = 0
    failed: int = 0
    refused: int = 0
    """On arrival: the queue was full or too long for the deadline."""
    expired: int = 0
    """Dropped from the queue because their deadline had passed."""
    cancelled: int = 0
    """Removed from the queue by their callers."""
    batches: int = 0
    """Taken from the queue; one that had to be split counts once."""
    rows: int = 0
    """Requests in these batches."""
    waiting: int = 0
    batch_seconds: float = 0.0
    """Running mean of load and run together."""


@dataclass(frozen=True, slots=True, eq=False)
class _Row(Generic[Request, Answer]):
    request: Request
    deadline: float
    future: Ticket[Answer]


class _Departure(NamedTuple):
    """From the queue."""

    at: float
    reason: Release


class Pool(Generic[Request, Loaded, Answer]):
    """Answers requests in batches on a thread of its own."""

    def __init__(
        self,
        *,
        load: Callable[[Sequence[Request], float], Loaded],
        run: Callable[[Sequence[Request], Loaded], Sequence[Answer]],
        batch_size: int,
        queue_size: int,
        name: str = "pool",
        clock: Callable[[], float] = time.monotonic,
        observe: Observer = unobserved,
    ) -> None:
        """`load` fetches for all requests at once, within the seconds (or infinity) that it is given.

        `run` computes one answer for each request, in order. A `load` that fails fails for all; a `run` that fails is
        tried again with halves, so that only the requests at fault fail. `observe` is told of each batch that was
        answered, or of each such part of one that had to be split.
        """
        self._name = name
        self._observe = observe
        self._load = load
        self._run = run
        self._batch_size = batch_size
        self._queue_size = queue_size
        self._clock = clock
        self._waiting: dict[Future[Answer], _Row[Request, Answer]] = {}
        self._running = False
        self._closing = False
        self._figures = PoolFigures()
        self._wake = threading.Condition()
        self._dispatcher = threading.Thread(target=self._dispatch, name=f"{name}-dispatcher", daemon=True)
        self._dispatcher.start()

    def submit(self, request: Request, *, deadline: float = math.inf, mark: object = None) -> Ticket[Answer]:
        """Queue a request; cancelling the ticket removes it again.

        `deadline` is a time of the pool's clock, `mark` is for whoever observes the batch. Raises Overloaded,
        Expired or Closed at once; the ticket may carry Expired or whatever `load` and `run` raise.
        """
        row = _Row(request, deadline, Ticket[Answer](arrived=self._clock(), mark=mark))
        with self._wake:
            self._admit(deadline)
            self._waiting[row.future] = row
            self._count(submitted=1)
            self._wake.notify()
        row.future.add_done_callback(self._forget_cancelled)
        return row.future

    def figures(self) -> PoolFigures:
        """A consistent copy of the counters."""
        with self._wake:
            return replace(self._figures, waiting=len(self._waiting))

    def close(self) -> None:
        """Take no more work, answer what waits, and return when all is done."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._dispatcher.join()

    def _admit(self, deadline: float) -> None:
        if self._closing:
            raise Closed("the pool is closing")
        patience = deadline - self._clock()
        if patience <= 0:
            self._count(expired=1)
            raise Expired("the deadline passed before the work began")
        wait = self._predicted_wait()
        if len(self._waiting) < self._queue_size and wait <= patience:
            return
        self._count(refused=1)
        message = f"{len(self._waiting)} calls are waiting, which takes about {wait:.2f} s"
        raise Overloaded(message, retry_after=max(wait, SHORTEST_RETRY))

    def _predicted_wait(self) -> float:
        """Seconds until a newcomer's answer; 0 when idle, so that a slow past never refuses the first caller."""
        if not self._waiting and not self._running:
            return 0.0
        batches = len(self._waiting) // self._batch_size + 1 + self._running
        return batches * self._figures.batch_seconds

    def _dispatch(self) -> None:
        while (rows := self._take()) is not None:
            if rows:
                started = self._clock()
                self._serve(rows, _Departure(started, Release.FULL if len(rows) == self._batch_size else Release.IDLE))
                self._learn(self._clock() - started, len(rows))

    def _take(self) -> list[_Row[Request, Answer]] | None:
        """The next batch, oldest first, without those that nobody waits for; None at the end."""
        with self._wake:
            self._running = False
            self._wake.wait_for(lambda: self._waiting or self._closing)
            if not self._waiting:
                return None
            live: list[_Row[Request, Answer]] = []
            late: list[_Row[Request, Answer]] = []
            now = self._clock()
            while self._waiting and len(live) < self._batch_size:
                row = self._waiting.pop(next(iter(self._waiting)))
                if row.future.set_running_or_notify_cancel():
                    (live if row.deadline > now else late).append(row)
            self._count(expired=len(late))
            self._running = True
        for row in late:
            row.future.set_exception(Expired("the deadline passed before the work began"))
        return live

    def _serve(self, rows: Sequence[_Row[Request, Answer]], departure: _Departure) -> None:
        requests = [row.request for row in rows]
        started = self._clock()
        try:
            found = self._load(requests, max(row.deadline for row in rows) - started)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers
            self._fail(rows, error)
            return
        loaded = self._clock()
        try:
            answers = self._one_each(requests, self._run(requests, found))
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers
            self._divide(rows, error, departure)
            return
        self._tell(rows, departure, started, loaded)
        with self._wake:
            self._count(answered=len(rows))
        for row, answer in zip(rows, answers, strict=True):
            row.future.set_result(answer)

    def _tell(
        self, rows: Sequence[_Row[Request, Answer]], departure: _Departure, started: float, loaded: float
    ) -> None:
        tickets = [row.future for row in rows]
        batch = Batch(
            pool=self._name, reason=departure.reason, released=departure.at, started=started, loaded=loaded,
            ended=self._clock(), waits=tuple(departure.at - ticket.arrived for ticket in tickets),
            marks=tuple(ticket.mark for ticket in tickets if ticket.mark is not None),
        )  # fmt: skip
        for ticket in tickets:
            ticket.batch = batch
        self._observe(batch)

    def _one_each(self, requests: Sequence[Request], answers: Sequence[Answer]) -> Sequence[Answer]:
        if len(answers) != len(requests):
            raise RuntimeError(f"{len(requests)} requests got {len(answers)} answers")
        return answers

    def _divide(self, rows: Sequence[_Row[Request, Answer]], error: Exception, departure: _Departure) -> None:
        if len(rows) == 1:
            self._fail(rows, error)
            return
        middle = len(rows) // 2
        self._serve(rows[:middle], departure)
        self._serve(rows[middle:], departure)

    def _fail(self, rows: Sequence[_Row[Request, Answer]], error: Exception) -> None:
        with self._wake:
            self._count(failed=len(rows))
        for row in rows:
            row.future.set_exception(error)

    def _learn(self, seconds: float, rows: int) -> None:
        with self._wake:
            known = self._figures.batch_seconds
            mean = seconds if known == 0 else known + SMOOTHING * (seconds - known)
            self._count(batches=1, rows=rows)
            self._figures = replace(self._figures, batch_seconds=mean)

    def _forget_cancelled(self, future: "Future[Answer]") -> None:
        if future.cancelled():
            with self._wake:
                self._waiting.pop(future, None)
                self._count(cancelled=1)

    def _count(self, **more: int) -> None:
        """Add to counters; the caller holds the lock."""
        sums = {name: getattr(self._figures, name) + amount for name, amount in more.items()}
        self._figures = replace(self._figures, **sums)
