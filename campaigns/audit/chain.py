"""The chain that seals the audit log, and what a look along it finds. Pure.

    hash(n) = SHA-256(hash(n - 1) || line(n))        hash(0) = 32 zero bytes

where line(n) is a line of the log in the canonical form of `database.audit.seals`. Who changes, removes, inserts or
moves a line has to make every later hash again, and then disagrees with the checkpoints that have left the machine.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

BEGINNING = bytes(32)
"""The hash before the first line."""


class Link(NamedTuple):
    """A line in its place."""

    seq: int
    audit_id: int
    prev_hash: bytes
    hash: bytes
    line: bytes | None
    """The canonical form; None when the line is gone."""


class Mark(NamedTuple):
    """What the hash at a place was when it was written down."""

    seq: int
    hash: bytes


class Verdict(IntEnum):
    """How it stands; the number is the exit status of `tierwise audit verify`."""

    INTACT = 0
    CHANGED = 1
    """A line is not what was sealed."""
    MOVED = 2
    """A line or a link is missing, or they stand in another order."""
    REWRITTEN = 3
    """The chain is whole, and not the one that a checkpoint knows."""
    UNSEALED = 4
    """Lines wait for their seal for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a look along the chain found."""

    verdict: Verdict
    checked_count: int
    """Links that are as they should be."""
    end: Mark
    """The last good link: where the next look goes on from."""
    seq: int | None = None
    """The first bad link."""
    audit_id: int | None = None
    """The line of the first bad link."""
    message: str = "intact"


def seal(lines: Iterable[tuple[int, bytes]], *, after: Mark) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(seq, audit_id, prev_hash, hash) for each (audit_id, line), in the order given."""
    previous = after.hash
    for seq, (audit_id, line) in enumerate(lines, after.seq + 1):
        current = hashlib.sha256(previous + line).digest()
        yield seq, audit_id, previous, current
        previous = current


def look_along(links: Iterable[Link], *, after: Mark) -> Finding:
    """The first bad link after a good one. This is where the time goes: 100 million lines pass through this loop."""
    start, previous = after
    expected, sha256 = start + 1, hashlib.sha256
    for link in links:
        seq, _, prev_hash, current, line = link
        if seq != expected or prev_hash != previous or line is None or sha256(previous + line).digest() != current:
            return _bad(Link(*link), expected, previous, count=expected - start - 1)
        expected, previous = seq + 1, current
    return Finding(verdict=Verdict.INTACT, checked_count=expected - start - 1, end=Mark(expected - 1, previous))


def _bad(link: Link, expected: int, previous: bytes, *, count: int) -> Finding:
    verdict, message = Verdict.MOVED, "the link does not follow the one before it"
    if link.seq != expected:
        message = f"link {expected} is missing"
    elif link.line is None:
        message = f"line {link.audit_id} is missing"
    elif link.prev_hash == previous:
        verdict, message = Verdict.CHANGED, f"line {link.audit_id} is not what was sealed"
    return Finding(
        verdict=verdict, checked_count=count, end=Mark(expected - 1, previous), seq=link.seq, audit_id=link.audit_id,
        message=message,
    )  # fmt: skip
