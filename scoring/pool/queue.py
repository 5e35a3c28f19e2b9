"""The queue of a pool: who is let in, what is loaded next, what is computed next. Safe for threads."""

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple

from scoring.pool import deciding
from scoring.pool.batch import Release, Ticket
from scoring.pool.counters import Counters
from scoring.pool.deciding import Backlog
from scoring.pool.figures import PoolFigures
from scoring.pool.foresight import Foresight
from scoring.pool.lane import Lane
from scoring.pool.refusals import Closed, Expired, Overloaded, ReplicaDied, ReplicaSilent
from scoring.pool.row import Beside, Request, Row, Told
from scoring.pool.waiting import Waiting

SHORTEST_RETRY = 0.05
"""Seconds; nobody is told to come back sooner."""
SILENCE = 1.0
"""Seconds by which batches may be late without a doubt that they come."""
Fail = Callable[[Sequence[Row[Request, Beside]], Exception], None]
"""Tells all who wait for these rows."""
Staffed = Callable[[int, Exception | None], None]
"""Told how many replicas there are, and why one was lost or None as it is back, in that order.

It may wait for whoever asks the queue.
"""
LATE = "the deadline passed before the work began"


class Departure(NamedTuple, Generic[Request, Beside]):
    """Of rows for one replica, and why they are not more."""

    rows: list[Row[Request, Beside]]
    reason: Release


class Queue(Generic[Request, Beside]):
    """Rows wait twice: until they are loaded, and then for a replica."""

    def __init__(
        self, *, batch_size: int, replicas: int, longest_wait: float, clock: Callable[[], float],
        fail: "Fail[Request, Beside]", staffed: Staffed = lambda _replicas, _error: None,
    ) -> None:  # fmt: skip
        self._most, self._replicas, self._longest_wait = batch_size, replicas, longest_wait
        self._clock, self._fail, self._staffed = clock, fail, staffed
        self._lock = threading.Lock()
        self._arrived_more, self._ready_more = threading.Condition(self._lock), threading.Condition(self._lock)
        self._closed = threading.Condition(self._lock)
        self._tells_of_staff = threading.Lock()
        self._arrived, self._ready = Waiting[Request, Beside](), Waiting[Request, Beside]()
        self._loading: Sequence[Row[Request, Beside]] = ()
        self._foresight = Foresight[Request, Beside]()
        self._loader_rests = self._closing = False
        self._counters = Counters[Request, Beside]()

    def put(self, row: Row[Request, Beside]) -> None:
        """Take a row, of who was let in or would be now. Raises Overloaded, Expired, Closed, ReplicaDied or -Silent."""
        with self._lock:
            if self._shared(row):
                return
            self._admit(row)
            self._foresight.arrived(row.arrival)
            self._counters.tally("submitted", [row])
            if row.loaded is None:
                self._arrived.add(row)
                if not self._loader_rests:
                    self._arrived_more.notify()
            else:
                self._ready.add(row)
                self._ready_more.notify()

    def cancel(self, ticket: Ticket[Told[Beside]]) -> None:
        """Whoever holds this ticket waits no longer; nothing happens where its row is computed already."""
        with self._lock:
            for row in [row for row in (*self._arrived, *self._loading, *self._ready) if ticket in row.tickets]:
                row.tickets.remove(ticket)
                ticket.cancel()
                self._counters.tally("cancelled", [row])
                if not row.tickets:
                    self._arrived.take([row])
                    self._ready.take([row])

    def silent_for(self, ticket: Ticket[Told[Beside]], deadline: float) -> float:
        """Seconds for which its answer has been owed, where they are more than its caller has left; 0 elsewhere."""
        now = self._clock()
        with self._lock:
            owed = self._foresight.overdue(now, self._replicas) if ticket.due is None else now - ticket.due
        return owed if owed > max(SILENCE, deadline - now) else 0.0

    def next_to_load(self) -> list[Row[Request, Beside]]:
        """Whoever waits, when a replica will soon be free for them; nobody at the end.

        So what arrives during a batch is loaded together, and no more of it than a batch for each replica.
        """
        room = self._most * self._replicas
        with self._lock:
            while True:
                rest = self._rest()
                if (
                    rest <= 0
                    and len(self._ready) < room
                    and (rows := self._chosen(self._arrived, most=room, alike=False))
                ):
                    self._arrived.take(rows)
                    self._loading = rows
                    return rows
                if self._closing and not self._arrived:
                    return []
                self._loader_rests = rest > 0
                self._arrived_more.wait(rest if rest > 0 else None)
                self._loader_rests = False

    def take_in(self, rows: Sequence[Row[Request, Beside]]) -> None:
        """Loaded rows that somebody waits for wait for a replica; the others are not the queue's any more."""
        with self._lock:
            self._loading = ()
            for row in rows[:1]:
                self._foresight.loaded(row.load_ended - (row.load_began or 0.0))
            for row in rows:
                if row.tickets:
                    self._ready.add(row)
            self._ready_more.notify_all()

    def next_batch(self, replica: object, *, wait: bool) -> Departure[Request, Beside] | None:
        """For a replica that is free; no rows where nothing waits and `wait` is false; None at the end."""
        held = False
        with self._lock:
            while True:
                rows = self._chosen(self._ready, most=self._most, alike=True)
                hold, release = self._hold(rows)
                if rows and (hold == 0.0 or held):
                    self._begin(replica, rows)
                    return Departure(rows, Release.HELD if held else release)
                if not wait:
                    return Departure([], Release.IDLE)
                if not rows and self._closing and not self._arrived and not self._loading:
                    return None
                held = not self._ready_more.wait(hold or None) and hold > 0

    def done(self, replica: object, rows: Sequence[Row[Request, Beside]], seconds: float) -> None:
        """A batch was computed as a whole."""
        with self._lock:
            self._foresight.computed(rows, seconds)
            self._foresight.over(rows, self._clock())
            self._freed(replica)
            self._counters.tally("answered", rows)

    def failed(self, replica: object) -> None:
        """A batch was not computed as a whole, and has been seen to."""
        with self._lock:
            self._freed(replica)

    def lost(self, error: Exception) -> None:
        """A replica does not come back for now; where none is left, nobody waits for one."""
        with self._tells_of_staff:
            with self._lock:
                self._replicas = left = self._replicas - 1
                gone = [] if left else [*self._arrived, *self._ready]
                self._arrived.take(gone)
                self._ready.take(gone)
                self._counters.tally("failed", gone)
            self._staffed(left, error)
        self._fail(gone, error)

    def found(self) -> None:
        """A lost replica is back."""
        with self._tells_of_staff:
            with self._lock:
                self._replicas = now = self._replicas + 1
            self._staffed(now, None)

    def close(self) -> None:
        """Let nobody in any more."""
        with self._lock:
            self._closing = True
            for each in (self._arrived_more, self._ready_more, self._closed):
                each.notify_all()

    def closed_within(self, seconds: float) -> bool:
        """Wait so long, or until the queue is closed; whether it is."""
        with self._lock:
            self._closed.wait_for(lambda: self._closing, seconds)
            return self._closing

    def count_death(self) -> None:
        """Of a replica."""
        with self._lock:
            self._counters.death()

    def tally(self, name: str, rows: Iterable[Row[Request, Beside]]) -> None:
        """Count rows in their lanes."""
        with self._lock:
            self._counters.tally(name, rows)

    def admit(self, deadline: float) -> float | None:
        """Let in a single caller whose row is still to come: when their answer is foretold for.

        None where that is for `put` to say. Raises Overloaded.
        """
        now = self._clock()
        with self._lock:
            if self._closing or self._replicas == 0 or self._silent_for(now, deadline):
                return None
            row = Row[Request, Beside](tickets=[], arrival=now, deadline=deadline, lane=Lane.INTERACTIVE, kind=None)
            self._foretell(row)
            return row.expected

    def figures(self) -> PoolFigures:
        """A consistent copy of the counters."""
        with self._lock:
            return self._counters.figures(
                (*self._arrived, *self._loading, *self._ready), replicas=self._replicas,
                running=len(self._foresight.ends),
            )  # fmt: skip

    def _shared(self, row: Row[Request, Beside]) -> bool:
        """Whether an equal request waits that is not loaded yet: the newer one takes its place, for all who wait.

        What is loaded might not know what the newcomer has been told was recorded, so nobody joins it.
        """
        waits = self._arrived.equal_to(row.key)
        if waits is None or waits.lane is not row.lane:
            return False
        waits.request, waits.deadline = row.request, max(waits.deadline, row.deadline)
        waits.tickets += row.tickets
        self._counters.tally("submitted", [row])
        self._counters.tally("shared", [row])
        return True

    def _admit(self, row: Row[Request, Beside]) -> None:
        if self._closing:
            raise Closed("the pool is closing")
        if self._replicas == 0:
            raise ReplicaDied("no replica is up")
        if row.expected is not None:
            # Time in which a caller did not send the request is no lateness of ours, and no reason to refuse others.
            row.expected = max(row.expected, row.arrival)
            return
        if row.deadline <= row.arrival:
            self._counters.tally("expired", [row])
            raise Expired(LATE)
        if silent := self._silent_for(row.arrival, row.deadline):
            raise ReplicaSilent(f"no replica has answered for {silent:.1f} s longer than a batch takes")
        self._foretell(row)

    def _silent_for(self, now: float, deadline: float) -> float:
        """Seconds, where they are more than a newcomer has: what is late is likely to be so for as long again."""
        overdue = self._foresight.overdue(now, self._replicas)
        return overdue if overdue > max(SILENCE, min(deadline - now, self._longest_wait)) else 0.0

    def _foretell(self, row: Row[Request, Beside]) -> None:
        """Raises Overloaded where its answer would come too late."""
        pace = self._foresight.pace
        wait = deciding.predicted_wait(self._ahead_of(row), row.size, pace, most=self._most, replicas=self._replicas)
        if pace.weight:
            row.expected = row.arrival + (wait or pace.of(row.size))
        if wait and wait + self._foresight.lateness.margin > min(row.deadline - row.arrival, self._longest_wait):
            self._counters.tally("refused", [row])
            retry_after = max(math.ceil(100 * wait) / 100, SHORTEST_RETRY)
            raise Overloaded(f"what waits takes about {wait:.2f} s", retry_after=retry_after)

    def _ahead_of(self, row: Row[Request, Beside]) -> Backlog:
        arrived, ready = self._arrived.ahead_of(row.lane), self._ready.ahead_of(row.lane)
        return Backlog(
            rows=arrived.rows + ready.rows + len(self._loading),
            units=(arrived.rows + len(self._loading)) * self._counters.usual_size + ready.units,
            running=self._foresight.work_left(row.arrival),
        )

    def _rest(self) -> float:
        """Seconds until loading must begin for the first replica that will be free; at most 0 where one is."""
        if self._closing or len(self._foresight.ends) < self._replicas:
            return 0.0
        return self._foresight.load_by() - self._clock()

    def _freed(self, replica: object) -> None:
        self._foresight.ends.pop(replica, None)
        self._arrived_more.notify()

    def _hold(self, rows: Sequence[Row[Request, Beside]]) -> tuple[float, Release]:
        if not rows or self._closing:
            return 0.0, Release.IDLE
        behind = len(self._ready) - len(rows)
        return deciding.holding(
            rows, self._foresight.pace, self._foresight.gap, self._clock(), most=self._most, behind=behind
        )

    def _begin(self, replica: object, rows: Sequence[Row[Request, Beside]]) -> None:
        self._ready.take(rows)
        self._foresight.begun(replica, rows, self._clock())
        self._counters.batch(rows)
        self._arrived_more.notify()

    def _chosen(self, waiting: Waiting[Request, Beside], *, most: int, alike: bool) -> list[Row[Request, Beside]]:
        rows, late = deciding.chosen(waiting, self._foresight.pace, self._clock(), most=most, alike=alike)
        if late:
            waiting.take(late)
            self._foresight.over(late, self._clock())
            self._counters.tally("expired", late)
            self._fail(late, Expired(LATE))
        return rows
