"""Who asks for a change, and why: what every use case that changes something is told first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from unicodedata import normalize


class Role(StrEnum):
    """What an actor is trusted with; `campaigns.callers.access` says what that is."""

    SERVICE = "service"
    """The shop's own programs: scores, offers, coupons, events."""
    MARKETER = "marketer"
    """Plans campaigns and runs them."""
    APPROVER = "approver"
    """Lets a campaign go, and stops one."""
    CARE = "care"
    """Answers customers who ask: looks at one, and gives a code by hand."""
    ANALYST = "analyst"
    """Reads, and no customer's data."""
    OPERATOR = "operator"
    """Keeps the system running."""
    PROCESS = "process"
    """Server, worker and clock, in our own house: nobody can call as one."""


CALLERS = frozenset(Role) - {Role.PROCESS}
"""Roles that somebody who calls or types may have."""


NAME_LENGTH = 128


def is_name(text: str) -> bool:
    """Whether an actor may be called so."""
    return 0 < len(text) <= NAME_LENGTH and text.isprintable()


def is_among(name: str, names: Iterable[str]) -> bool:
    """Whether these are names of the same person, who may sign in, call with a key and show a certificate.

    Case says nothing, nor do forms of a letter that look alike (Unicode 3.13, compatibility caseless matching).
    """
    return _caseless(name) in map(_caseless, names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person or a process, as the door knows it."""

    name: str
    role: Role = Role.OPERATOR

    def __str__(self) -> str:
        return f"{self.role}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Behind a change: goes into the audit log beside what changed."""

    actor: Actor
    now: datetime
    """When the change was asked for; timezone-aware, UTC."""
    reason: str | None = None
    """In the actor's own words."""
    request_id: str | None = None


WORKER = Actor(name="worker", role=Role.PROCESS)
"""Finishes what others began."""
BEAT = Actor(name="beat", role=Role.PROCESS)
"""Begins what is due by the clock."""
SERVER = Actor(name="server", role=Role.PROCESS)
"""Sets aside what does not answer."""


def _caseless(name: str) -> str:
    return normalize("NFKC", normalize("NFKC", name).casefold())
