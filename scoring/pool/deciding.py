"""What to compute next, whether to wait for more, whom to let in: decided without clock, lock or thread."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple

from scoring.pool.batch import Release
from scoring.pool.pace import Pace
from scoring.pool.row import Beside, Request, Row

GAPS = 3
"""Mean times between arrivals after which one in twenty has not come, if they come at random."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Work that is ahead of a newcomer."""

    rows: int
    units: float
    running: float = 0.0
    """Seconds until the batches under way are done, over all replicas."""


class Choice(NamedTuple, Generic[Request, Beside]):
    """What to do with rows that wait."""

    batch: list[Row[Request, Beside]]
    late: list[Row[Request, Beside]]
    """Not worth beginning."""


def chosen(
    rows: Iterable[Row[Request, Beside]], pace: Pace, now: float, *, most: int, alike: bool = True
) -> Choice[Request, Beside]:
    """The next batch out of the rows by rank: the first that is in time, and those that go with it.

    To be computed together rows must be `alike`: of one kind, and no more than are likely done before the first of
    their deadlines. Late is who has expired, and who would before being computed, be it alone and at once; but never
    the first that has not expired, so that a pace which was learned in bad times recovers.
    """
    choice = Choice[Request, Beside]([], [])
    batch, units, soonest = choice.batch, 0, math.inf
    fixed, each = pace.fixed, pace.each
    for row in rows:
        size = row.size
        if row.deadline <= now or (batch and row.deadline <= now + fixed + each * size):
            choice.late.append(row)
            continue
        if batch and alike:
            done = now + fixed + each * (units + size)
            if row.kind != batch[0].kind or done > min(soonest, row.deadline):
                continue
        batch.append(row)
        units, soonest = units + size, min(soonest, row.deadline)
        if len(batch) == most:
            break
    return choice


def units_of(batch: Sequence[Row[Request, Beside]]) -> int:
    """Of work."""
    return sum(row.size for row in batch)


def worth_holding(rows: int, units: int, pace: Pace, gap: float) -> float:
    """Seconds that a free replica should wait for one more row such as these; 0 to begin at once.

    Against beginning now, waiting g for one more delays n rows by g and the work of the newcomer, which in turn waits
    for no batch before its own and pays for none of its own: the times to completion fall together if
    (n + 1) g + each * units < fixed. It waits as long as that holds, if the next row is expected (`gap` seconds)
    within, and no longer than a few gaps: then the expectation was wrong.
    """
    longest = (pace.fixed - pace.each * units) / (rows + 1)
    return min(longest, GAPS * gap) if gap < longest else 0.0


def predicted_wait(ahead: Backlog, size: int, pace: Pace, *, most: int, replicas: int) -> float:
    """Seconds until a newcomer's answer; 0 when idle, so that a slow past never refuses the first caller."""
    if ahead.rows == 0 and ahead.running == 0.0:
        return 0.0
    batches = ahead.rows // most + 1
    return (ahead.running + batches * pace.fixed + pace.each * (ahead.units + size)) / replicas


def holding(
    batch: Sequence[Row[Request, Beside]], pace: Pace, gap: float, now: float, *, most: int, behind: int = 0
) -> tuple[float, Release]:
    """Seconds to wait for more before this batch begins, and why it begins where that is 0.

    `behind` are rows that wait and cannot go with it: they would wait too, and are no sign of more that can.
    """
    if len(batch) == most:
        return 0.0, Release.FULL
    if behind:
        return 0.0, Release.IDLE
    units = units_of(batch)
    hold = worth_holding(len(batch), units, pace, gap)
    if hold == 0.0:
        return 0.0, Release.IDLE
    spare = min(row.deadline for row in batch) - now - pace.of(units + units / len(batch))
    return (hold, Release.HELD) if hold <= spare else (0.0, Release.DEADLINE)
