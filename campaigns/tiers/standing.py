"""Where a customer stands between two rescorings: up at once, down only after a while clearly below. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, Self

from campaigns.tiers.tiers import Bounds, Tier


class Reason(StrEnum):
    """Why a customer has a tier."""

    FIRST = "FIRST"
    """The first tier of a new customer."""
    RISEN = "RISEN"
    """The measure reaches a higher tier: up at once."""
    STEADY = "STEADY"
    """The measure still reaches the tier."""
    WITHIN_MARGIN = "WITHIN_MARGIN"
    """The measure lies below the tier, and not further than the margin: nothing begins to count."""
    IN_GRACE = "IN_GRACE"
    """The measure lies below the margin, and not yet for as long as the grace period."""
    FALLEN = "FALLEN"
    """The measure lay below the margin throughout the grace period."""


class Stored(Protocol):
    """A standing in plain values."""

    @property
    def tier(self) -> str: ...
    @property
    def since(self) -> datetime: ...
    @property
    def below_since(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A customer's tier with its past, as far as the next tier depends on it."""

    tier: Tier
    since: datetime
    """As-of time of the rescoring that gave this tier."""
    below_since: datetime | None = None
    """As-of time of the first of the rescorings in a row that found the measure below the margin; None when above."""

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """As it was kept."""
        return cls(tier=Tier(stored.tier), since=stored.since, below_since=stored.below_since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The next standing, and why."""

    standing: Standing
    reason: Reason


def next_standing(previous: Standing | None, value: float, bounds: Bounds, now: datetime) -> Placement:
    """Where a customer with this measure stands as of `now`.

    Who falls goes to the highest tier that the margin would keep them in. The same value at the same time once more
    changes nothing.
    """
    reached = bounds.reached(value)
    if previous is None:
        return Placement(standing=Standing(tier=reached, since=now), reason=Reason.FIRST)
    if reached.rank > previous.tier.rank:
        return Placement(standing=Standing(tier=reached, since=now), reason=Reason.RISEN)
    kept = bounds.kept(value)
    if kept.rank >= previous.tier.rank:
        above = Standing(tier=previous.tier, since=previous.since)
        return Placement(standing=above, reason=Reason.STEADY if reached is previous.tier else Reason.WITHIN_MARGIN)
    below_since = min(previous.below_since or now, now)
    if now - below_since >= timedelta(days=bounds.grace_days):
        return Placement(standing=Standing(tier=kept, since=now), reason=Reason.FALLEN)
    waiting = Standing(tier=previous.tier, since=previous.since, below_since=below_since)
    return Placement(standing=waiting, reason=Reason.IN_GRACE)
