"""The thread of one replica: it hands batches over, takes answers back, and sees to what goes wrong."""

from collections.abc import Callable, Hashable, Sequence
from typing import Generic

from scoring.pool.batch import Batch, Observer, Release
from scoring.pool.queue import LATE, Departure, Fail, Queue
from scoring.pool.refusals import Expired, ReplicaDied, ReplicaSilent
from scoring.pool.replica import Replica
from scoring.pool.row import Beside, Request, Row

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between attempts to start a replica that does not come back; the last one from then on."""
ALONE_TWICE = 2
"""A row is at fault when replicas die of it alone so often; once may be chance."""

Died = Callable[[Hashable, ReplicaDied], None]
"""Told of each death, with the kind of the batch that was computed."""
Rows = Sequence[Row[Request, Beside]]
Tell = Callable[[Sequence[Row[Request, Beside]], Sequence[bytes]], None]
"""Answers all who wait for these rows."""


class Feeder(Generic[Request, Beside]):
    """Keeps a replica busy until the queue ends."""

    def __init__(
        self, replica: Replica, queue: Queue[Request, Beside], *, name: str, tell: "Tell[Request, Beside]",
        fail: "Fail[Request, Beside]", observe: Observer, died: Died, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._replica, self._queue, self._name, self._died = replica, queue, name, died
        self._tell, self._fail, self._observe, self._clock = tell, fail, observe, clock

    def run(self) -> None:
        """The next batch is handed over before the callers of the last one get their answers."""
        ready: tuple[Rows[Request, Beside], Sequence[bytes]] | None = None
        while (left := self._queue.next_batch(self._replica, wait=ready is None)) is not None:
            released = self._clock()
            if left.rows:
                self._replica.start(left.rows[0].kind, _payloads(left.rows))
            if ready is not None:
                self._tell(*ready)
            ready = self._finished(left, released) if left.rows else None
        self._replica.close()

    def _finished(
        self, left: Departure[Request, Beside], released: float
    ) -> tuple[Rows[Request, Beside], Sequence[bytes]] | None:
        try:
            answers = self._answers(left.rows)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers
            if isinstance(error, ReplicaDied):
                self._died(left.rows[0].kind, error)
            self._divide(left.rows, left.reason, error)
            self._queue.failed(self._replica)
            return None
        self._queue.done(self._replica, left.rows, self._note(left.rows, left.reason, released).run_seconds)
        return left.rows, answers

    def _note(self, rows: Rows[Request, Beside], reason: Release, released: float) -> Batch:
        """For the callers, and for whoever observes."""
        last = max(rows, key=lambda row: row.load_ended)
        tickets = [ticket for row in rows for ticket in row.tickets]
        batch = Batch(
            pool=self._name, lanes=tuple(row.lane for row in rows), reason=reason,
            waits=tuple(row.waited(released) for row in rows),
            started=released if last.load_began is None else last.load_began,
            loaded=released if last.load_began is None else last.load_ended, released=released, ended=self._clock(),
            kind=rows[0].kind,
            marks=tuple(ticket.mark for ticket in tickets if ticket.mark is not None),
        )  # fmt: skip
        for row, waited in zip(rows, batch.waits, strict=True):
            for ticket in row.tickets:
                ticket.batch, ticket.waited = batch, waited
        self._observe(batch)
        return batch

    def _answers(self, rows: Rows[Request, Beside]) -> Sequence[bytes]:
        answers = self._replica.finish()
        if len(answers) != len(rows):
            raise RuntimeError(f"{len(rows)} rows got {len(answers)} answers")
        return answers

    def _divide(self, rows: Rows[Request, Beside], reason: Release, error: Exception) -> None:
        """Try halves again until the rows at fault stand alone; but nobody waits for another silence."""
        died = isinstance(error, ReplicaDied)
        if died and not self._revived(rows):
            return
        if isinstance(error, ReplicaSilent):
            self._queue.tally("failed", rows)
            self._fail(rows, error)
            return
        if len(rows) > 1:
            middle = len(rows) // 2
            self._again(rows[:middle], reason)
            self._again(rows[middle:], reason)
            return
        rows[0].deaths += died
        if died and rows[0].deaths < ALONE_TWICE:
            self._again(rows, reason)
            return
        self._queue.tally("failed", rows)
        self._fail(rows, error)

    def _again(self, rows: Rows[Request, Beside], reason: Release) -> None:
        now = self._clock()
        late, live = [row for row in rows if row.deadline <= now], [row for row in rows if row.deadline > now]
        if late:
            self._queue.tally("expired", late)
            self._fail(late, Expired(LATE))
        if not live:
            return
        try:
            self._replica.start(live[0].kind, _payloads(live))
            answers = self._answers(live)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers
            self._divide(live, reason, error)
            return
        self._queue.tally("answered", live)
        self._note(live, reason, now)
        self._tell(live, answers)

    def _revived(self, rows: Rows[Request, Beside]) -> bool:
        """Start the replica again; where that fails tell the rows, and go on trying before anything else."""
        self._queue.count_death()
        try:
            self._replica.restart()
        except ReplicaDied as error:
            self._queue.tally("failed", rows)
            self._queue.lost(error)
            self._fail(rows, error)
            self._revive_at_last()
            return False
        return True

    def _revive_at_last(self) -> None:
        attempt = 0
        while not self._queue.closed_within(PAUSES[min(attempt, len(PAUSES) - 1)]):
            attempt += 1
            try:
                self._replica.restart()
            except ReplicaDied:
                continue
            self._queue.found()
            return


def _payloads(rows: Rows[Request, Beside]) -> list[bytes]:
    return [row.loaded.payload for row in rows if row.loaded is not None]
