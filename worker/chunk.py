"""A chunk of customers, scored."""

from collections.abc import Sequence
from dataclasses import dataclass

from database.events.states import Packed
from scoring.score import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Customers in a row, and what a model says of them."""

    customers: Sequence[str]
    """In the order of the cursor; at least one."""
    scores: Sequence[Score]
    """Without those of whom it says no number."""
    currency: str
    read: Sequence[Packed]
    """Histories that were read event by event, to be kept in one piece."""
    unversioned: Sequence[str]
    """Customers whose events have no version yet."""
