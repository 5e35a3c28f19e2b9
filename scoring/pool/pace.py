"""How long batches take, learned while they run."""

from dataclasses import dataclass
from typing import Self

FORGETTING = 0.95
"""Weight of everything before against the newest batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A line, seconds = fixed + each * units, fitted to the batches seen so far with exponential forgetting.

    A batch has the units of all its rows. As long as all batches had the same size nothing is known of the fixed part,
    and all is taken to grow with the size.
    """

    weight: float = 0.0
    units: float = 0.0
    """Means, like the three below."""
    seconds: float = 0.0
    units_squared: float = 0.0
    product: float = 0.0

    def learned(self, units: float, seconds: float) -> Self:
        """With one more batch."""
        weight = self.weight * FORGETTING + 1.0
        share = 1.0 / weight
        return type(self)(
            weight=weight,
            units=self.units + share * (units - self.units),
            seconds=self.seconds + share * (seconds - self.seconds),
            units_squared=self.units_squared + share * (units * units - self.units_squared),
            product=self.product + share * (units * seconds - self.product),
        )

    @property
    def each(self) -> float:
        """Seconds a unit; at least 0, and never so many that the fixed part would be negative."""
        if self.units == 0.0:
            return 0.0
        steepest = self.seconds / self.units
        variance = self.units_squared - self.units * self.units
        if variance <= 1e-9 * self.units_squared:
            return steepest
        return min(max((self.product - self.units * self.seconds) / variance, 0.0), steepest)

    @property
    def fixed(self) -> float:
        """Seconds a batch, however small."""
        return max(self.seconds - self.each * self.units, 0.0)

    def of(self, units: float) -> float:
        """Seconds that a batch of so many units is likely to take."""
        return self.fixed + self.each * units
