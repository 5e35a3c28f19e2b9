"""The pool: one queue with lanes, replicas that are never idle while somebody waits, and nothing computed in vain.

A request is admitted if it is likely answered before its deadline. It waits until its payload is loaded, together with
the others that wait at that moment, and then for a replica; both take what waits as soon as they are free, so that a
lone caller never waits for company, and under load batches grow by themselves. What expires or is cancelled meanwhile
is dropped unread. A replica that dies is started again; its batch, like one that fails, is tried again in halves.
"""

import math
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Generic

from scoring.pool.batch import Observer, Ticket, unobserved
from scoring.pool.feeder import Died, Feeder
from scoring.pool.figures import PoolFigures
from scoring.pool.lane import Lane
from scoring.pool.loader import Load, load_all
from scoring.pool.queue import Queue, Staffed
from scoring.pool.replica import Replica
from scoring.pool.row import Beside, Loaded, Request, Row, Told

LONGEST_WAIT = 10.0
"""Seconds that anybody waits, whatever the deadline."""


class Pool(Generic[Request, Beside]):
    """Answers requests in batches; each replica has a thread, and so has loading."""

    def __init__(
        self,
        replicas: Sequence[Replica],
        *,
        load: "Load[Request, Beside] | None" = None,
        batch_size: int = 32,
        longest_wait: float = LONGEST_WAIT,
        name: str = "pool",
        promise: "Callable[[float, object], Ticket[Told[Beside]]]" = lambda arrived, mark: Ticket(
            arrived=arrived, mark=mark
        ),
        hand_out: Callable[[Callable[[], None]], None] = lambda settle: settle(),
        observe: Observer = unobserved,
        died: Died = lambda _kind, _error: None,
        staffed: Staffed = lambda _replicas, _error: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The replicas are the pool's to close. Without `load` requests come with their payloads.

        `promise` makes what callers wait on, and `hand_out` settles it where that belongs, such as in an event loop.
        """
        self._clock, self._promise, self._hand_out = clock, promise, hand_out
        self._queue = Queue[Request, Beside](
            batch_size=batch_size, replicas=len(replicas), longest_wait=longest_wait, clock=clock,
            fail=self._fail, staffed=staffed,
        )  # fmt: skip
        runs = {
            f"{name}-{number}": Feeder(
                each, self._queue, name=name, tell=self._tell, fail=self._fail, observe=observe, died=died, clock=clock
            ).run
            for number, each in enumerate(replicas)
        }
        if load is not None:
            runs[f"{name}-loader"] = partial(load_all, load, self._queue, fail=self._fail, clock=clock)
        self._threads = [threading.Thread(target=run, name=each, daemon=True) for each, run in runs.items()]
        for thread in self._threads:
            thread.start()

    def submit(
        self, request: Request, *, deadline: float = math.inf, lane: Lane = Lane.INTERACTIVE, kind: Hashable = None,
        key: Hashable = None, mark: object = None, expected: float | None = None,
    ) -> Ticket[Told[Beside]]:  # fmt: skip
        """Queue a request to be loaded. `deadline` is a time of the pool's clock, `mark` is for whoever observes.

        Whoever was let in by `admit` says for when their answer is `expected`, and is not asked about again.

        Only requests of one kind are computed together; those of one key are computed once as long as they wait.
        Raises Overloaded, Expired, Closed or ReplicaDied at once; the ticket may carry Expired, ReplicaDied,
        ComputationFailed or whatever `load` raises.
        """
        arrival = self._clock()
        ticket = self._promise(arrival, mark)
        self._queue.put(
            Row(
                request=request, tickets=[ticket], arrival=arrival, deadline=deadline, lane=lane, kind=kind, key=key,
                expected=expected,
            )
        )  # fmt: skip
        return ticket

    def submit_loaded(
        self, loaded: Loaded[Beside], *, deadline: float = math.inf, lane: Lane = Lane.INTERACTIVE,
        kind: Hashable = None, mark: object = None,
    ) -> Ticket[Told[Beside]]:  # fmt: skip
        """Queue what needs no loading; raises as `submit` does."""
        arrival = self._clock()
        ticket = self._promise(arrival, mark)
        self._queue.put(Row(loaded=loaded, tickets=[ticket], arrival=arrival, deadline=deadline, lane=lane, kind=kind))
        return ticket

    def admit(self, deadline: float) -> float | None:
        """Let in a request with this deadline before anything is known of it: when its answer is expected.

        None where nothing can be foretold, so that `submit` decides. Raises Overloaded.
        """
        return self._queue.admit(deadline)

    def cancel(self, ticket: Ticket[Told[Beside]]) -> None:
        """Nobody waits for it any more; what is being computed already is finished."""
        if not ticket.done():
            self._queue.cancel(ticket)

    def silent_for(self, ticket: Ticket[Told[Beside]], deadline: float) -> float:
        """Seconds for which its answer has been owed, where they are more than its caller has left; 0 elsewhere.

        What is late is likely to be so for as long again: who has another answer need not wait for this one.
        """
        return self._queue.silent_for(ticket, deadline)

    def figures(self) -> PoolFigures:
        """A consistent copy of the counters."""
        return self._queue.figures()

    def close(self) -> None:
        """Take no more work, answer what waits, and return when all is done and the replicas have ended."""
        self._queue.close()
        for thread in self._threads:
            thread.join()

    def _tell(self, rows: Sequence[Row[Request, Beside]], answers: Sequence[bytes]) -> None:
        self._hand_out(partial(_tell, rows, answers))

    def _fail(self, rows: Sequence[Row[Request, Beside]], error: Exception) -> None:
        self._hand_out(partial(_fail, rows, error))


def _tell(rows: Sequence[Row[Request, Beside]], answers: Sequence[bytes]) -> None:
    for row, answer in zip(rows, answers, strict=True):
        for ticket in row.tickets:
            if row.loaded is not None and not ticket.done():
                ticket.set_result(Told(answer, row.loaded.beside))


def _fail(rows: Sequence[Row[Request, Beside]], error: Exception) -> None:
    for row in rows:
        for ticket in row.tickets:
            if not ticket.done():
                ticket.set_exception(error)
