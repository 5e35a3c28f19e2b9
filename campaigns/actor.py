"""Who asks for a change, and why: what every use case that changes something is told first."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person or a process, as the door knows it."""

    name: str
    role: str = "operator"

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


WORKER = Actor(name="worker", role="process")
"""Finishes what others began."""
BEAT = Actor(name="beat", role="process")
"""Begins what is due by the clock."""
