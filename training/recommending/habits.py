"""How a shop's items go with one another, as far as shops differ in it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Chosen on held-out orders; these are of a shop with too few of them."""

    popular_days: float = 45.0
    """Age at which a purchase counts 1/e for popularity."""
    decay: float = 0.5
    """Weight of the items of an order against those of the order after it."""
    before: float = 0.3
    """What was bought before an item beside what was bought after it: 1 where order says nothing."""
    rarity: float = 0.0
    """An item counts by how often it is seen to minus this power: above 0 where tastes are of few."""
    regressed: bool = False
    """Whether items go together as they foretell one another beside all others, instead of as they were counted."""
    fashion: float = 0.25
    """What a customer bought counts by how popular it is to this power: 0 where nobody follows the others."""
    rest: tuple[float, ...] = ()
    """How much what a customer bought counts, by how many orders ago; all alike where there is nothing."""
