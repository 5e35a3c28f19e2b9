"""Use cases on the chain that seals the audit log: making it longer, and looking along it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import cast

from campaigns.audit.chain import BEGINNING, Finding, Link, Mark, Verdict, look_along, seal
from database.audit import seals
from database.audit.seals import Checkpoint, Horizon, Unsealed
from database.session import Snapshot, Transaction

PATIENCE = timedelta(minutes=10)
"""How long a line may wait for its seal: as long as the longest transaction that writes."""
PIECE = 500_000
"""Links in one statement, which therefore ends within the statement timeout."""
MARKS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a sealer has looked; it keeps this to itself."""

    since: int
    """Every line of an earlier transaction has its seal."""
    restored: int | None = None
    """The same among lines that came from another server, whose transactions have its numbers; None once all have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one transaction sealed."""

    count: int
    checkpoint: Checkpoint | None
    """None when there was nothing to seal."""
    reach: Reach | None


def seal_batch(transaction: Transaction, reach: Reach | None, *, limit: int, now: datetime) -> Batch:
    """Seal up to `limit` lines whose transactions, and all before them, are over; one checkpoint.

    A sealer begins without a reach and goes on with that of its last batch. While another one is at work this one
    does nothing.
    """
    if not seals.lead(transaction):
        return Batch(count=0, checkpoint=None, reach=reach)
    upto = seals.horizon(transaction)
    found, further = _sealable(transaction, reach or _first_reach(transaction, upto), upto, limit)
    if not found:
        return Batch(count=0, checkpoint=None, reach=further)
    links = list(seal(((each.audit_id, each.line) for each in found), after=_end(transaction)))
    seals.append(transaction, links)
    checkpoint = Checkpoint(seq=links[-1][0], hash=links[-1][-1], time=now)
    seals.keep(transaction, checkpoint)
    return Batch(count=len(links), checkpoint=checkpoint, reach=further)


def _first_reach(snapshot: Snapshot, upto: Horizon) -> Reach:
    """Where the chain ends. Everything, where its end came from another server: numbers begin anew here."""
    last = seals.last_transaction(snapshot)
    return Reach(since=0, restored=0) if last is None or last >= upto.ahead else Reach(since=last)


def _sealable(snapshot: Snapshot, reach: Reach, upto: Horizon, limit: int) -> tuple[list[Unsealed], Reach]:
    found = seals.unsealed(snapshot, since=reach.since, before=upto.running, limit=limit)
    if found or reach.restored is None:
        return found, replace(reach, since=found[-1].transaction_id if found else upto.running)
    found = seals.unsealed(snapshot, since=max(reach.restored, upto.ahead), before=None, limit=limit)
    return found, Reach(since=upto.running, restored=found[-1].transaction_id if found else None)


def verify(
    snapshot: Snapshot, marks: Iterable[Mark] = (), *, after: int = 0, now: datetime, patience: timedelta = PATIENCE,
    progress: Callable[[int], None] = lambda _: None,
) -> Finding:  # fmt: skip
    """Look along the whole chain after a seq, against `marks` that were kept elsewhere, and for its end.

    `progress` is told how many links more were looked at.
    """
    found = _whole(snapshot, after, progress)
    if found.verdict is not Verdict.INTACT:
        return found
    return verify_end(snapshot, found, marks, after=after, now=now, patience=patience)


def verify_piece(snapshot: Snapshot, *, after: Mark, limit: int = PIECE) -> Finding:
    """Look along up to `limit` links after a good one."""
    links = cast("Iterable[Link]", seals.links(snapshot, after=after.seq, limit=limit))
    return look_along(links, after=after)


def verify_end(
    snapshot: Snapshot, found: Finding, marks: Iterable[Mark], *, after: int, now: datetime,
    patience: timedelta = PATIENCE,
) -> Finding:  # fmt: skip
    """What is left to see of a chain that was found whole from `after` on: checkpoints, and lines without a seal."""
    found = _compared(snapshot, found, marks, after=after)
    return found if found.verdict is not Verdict.INTACT else _waiting(snapshot, found, before=now - patience)


def mark_at(snapshot: Snapshot, seq: int) -> Mark | None:
    """A place of the chain; None when it has no such link."""
    found = BEGINNING if seq == 0 else seals.hashes_at(snapshot, [seq]).get(seq)
    return None if found is None else Mark(seq, found)


def length(snapshot: Snapshot) -> int:
    """Links of the chain."""
    return _end(snapshot).seq


def _end(snapshot: Snapshot) -> Mark:
    return Mark(*(seals.last(snapshot) or (0, BEGINNING)))


def _whole(snapshot: Snapshot, after: int, progress: Callable[[int], None]) -> Finding:
    start = mark_at(snapshot, after)
    if start is None:
        message = f"link {after} is missing"
        return Finding(verdict=Verdict.MOVED, checked_count=0, end=Mark(0, BEGINNING), seq=after, message=message)
    found, count = verify_piece(snapshot, after=start), 0
    while found.verdict is Verdict.INTACT and found.checked_count:
        progress(found.checked_count)
        count += found.checked_count
        found = verify_piece(snapshot, after=found.end)
    return replace(found, checked_count=count + found.checked_count)


def _compared(snapshot: Snapshot, found: Finding, marks: Iterable[Mark], *, after: int) -> Finding:
    """With the checkpoints of the database and with those that were kept elsewhere."""
    differing = seals.first_differing(snapshot, after=after)
    if differing is None:
        differing = _first_differing(snapshot, (mark for mark in marks if mark.seq > after))
    if differing is None:
        return found
    message = f"a checkpoint knows another hash at {differing}"
    if differing > found.end.seq:
        message = f"the chain ends at {found.end.seq}, a checkpoint knows of {differing}"
    return replace(found, verdict=Verdict.REWRITTEN, seq=differing, message=message)


def _first_differing(snapshot: Snapshot, marks: Iterator[Mark]) -> int | None:
    while some := list(islice(marks, MARKS_AT_ONCE)):
        known = seals.hashes_at(snapshot, [mark.seq for mark in some])
        for mark in some:
            if known.get(mark.seq) != mark.hash:
                return mark.seq
    return None


def _waiting(snapshot: Snapshot, found: Finding, *, before: datetime) -> Finding:
    count, first = seals.waiting(snapshot, before=before)
    if count == 0:
        return found
    message = f"{count} lines older than {before.isoformat(timespec='seconds')} have no seal"
    return replace(found, verdict=Verdict.UNSEALED, audit_id=first, message=message)
