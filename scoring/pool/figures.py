"""What a pool did since it was made, and what it holds at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass

from scoring.pool.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneFigures:
    """Requests of one lane."""

    submitted: int = 0
    shared: int = 0
    """Of these, joined an equal request that waited already."""
    answered: int = 0
    failed: int = 0
    refused: int = 0
    """On arrival: what waits takes too long for the deadline, or for anybody."""
    expired: int = 0
    """Dropped unread because their deadline had passed, or would have before the answer."""
    cancelled: int = 0
    """Removed from the queue by their callers."""
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFigures:
    """All lanes, and the replicas."""

    lanes: Mapping[Lane, LaneFigures]
    batches: int
    """Begun; one that had to be split counts once."""
    rows: int
    """Requests in these batches."""
    deaths: int
    """Of replicas."""
    replicas: int
    """That are up."""
    running: int
    """Batches under way."""

    @property
    def total(self) -> LaneFigures:
        """Of all lanes together."""
        counts = {name: sum(getattr(lane, name) for lane in self.lanes.values()) for name in LaneFigures.__slots__}
        return LaneFigures(**counts)
