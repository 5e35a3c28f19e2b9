"""How much later than foretold answers come, learned while they do."""

from dataclasses import dataclass
from typing import Self

MEAN_GAIN, DEVIATION_GAIN = 1 / 8, 1 / 4
DEVIATIONS = 2
"""Beyond the mean that few answers are late by: one in thirty, if errors were normal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """Running mean and mean deviation in seconds, as TCP keeps them of round trips (RFC 6298)."""

    mean: float = 0.0
    deviation: float = 0.0

    def learned(self, seconds: float) -> Self:
        """With one more batch, which came so much later than foretold."""
        error = seconds - self.mean
        return type(self)(
            mean=self.mean + MEAN_GAIN * error,
            deviation=self.deviation + DEVIATION_GAIN * (abs(error) - self.deviation),
        )

    @property
    def margin(self) -> float:
        """Seconds to allow for beyond the forecast; at least 0."""
        return max(self.mean + DEVIATIONS * self.deviation, 0.0)
