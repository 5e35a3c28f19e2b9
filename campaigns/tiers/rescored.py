"""What past rescorings left: how many customers have which tier, how many moved, and how the scores were spread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from campaigns.models.drift import stability_index
from campaigns.tiers.rescoring import Rescoring
from campaigns.tiers.tiers import Levels, Tier
from database.session import Snapshot
from database.work import operations
from database.work.operations import SCORE_ALL_CUSTOMERS, SUCCEEDED, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """One rescoring that came to its end."""

    pinned: Rescoring
    finish_time: datetime
    scored_count: int
    moved_count: int
    tiers: Mapping[Tier, int]
    thresholds: Levels | None
    chances: Sequence[int]
    """Customers by twentieths of the probability to buy within 90 days; empty for one of before this was kept."""

    @classmethod
    def of(cls, operation: Operation) -> Self:
        """From the operation."""
        response = operation.response or {}
        levels = response.get("thresholds")
        return cls(
            pinned=Rescoring.of(operation.request), finish_time=operation.update_time,
            scored_count=response.get("scored_count", 0), moved_count=response.get("moved_count", 0),
            tiers={tier: response.get("tiers", {}).get(tier.value, 0) for tier in Tier},
            thresholds=None if levels is None else Levels(high=levels["high"], mid=levels["mid"]),
            chances=response.get("chances", ()),
        )  # fmt: skip


def latest(snapshot: Snapshot, *, limit: int) -> list[Rescored]:
    """Of the latest ones those that came to their end, by what they are as of."""
    found = operations.page(snapshot, limit=limit, kind=SCORE_ALL_CUSTOMERS)
    return sorted((Rescored.of(each) for each in found if each.state == SUCCEEDED), key=lambda each: each.pinned.as_of)


def drift(rescorings: Sequence[Rescored], model_id: str) -> float | None:
    """How far this model's scores have moved since the first of these rescorings that it made.

    None where there are no two of them that kept how scores were spread.
    """
    spread = [each.chances for each in rescorings if each.pinned.model_id == model_id and each.chances]
    return stability_index(spread[0], spread[-1]) if len(spread) > 1 else None
