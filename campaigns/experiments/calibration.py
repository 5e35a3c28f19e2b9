"""How far forecasts were off, campaign by campaign, and what that says of the next one: shrinkage, closed form.

Campaigns differ from each other by more than chance within each, so the evidence of a campaign is not the number of its
customers but that it is one more campaign. The error of campaign c is x_c ~ N(m, t^2 + v_c): m is the shop's own bias,
t the spread between campaigns, v_c the chance within the campaign (DerSimonian and Laird 1986 with a prior on m and t).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed before the first campaign."""

    centre: float
    deviation: float
    """Of campaigns from each other, and of the shop from other shops."""
    weight: float = 4.0
    """How many campaigns the belief in `deviation` is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The error of one forecast, with the variance that chance alone gives it."""

    error: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """The error to be expected of the next forecast: Student's t around `centre`."""

    centre: float
    deviation: float
    degrees: float

    def reach(self, level: float, *, chance: float = 0.0) -> float:
        """Half the width that holds the next error with probability `level`; `chance` is its own variance."""
        quantile = float(stdtrit(self.degrees, (1 + level) / 2))
        return quantile * math.sqrt(self.deviation**2 + chance)


def believed(prior: Prior, observations: Sequence[Observation]) -> Belief:
    """The prior, moved by what was observed; without observations as wide as the prior on both m and t."""
    between = _between(prior, observations)
    precision = 1 / prior.deviation**2 + sum(1 / (between + seen.variance) for seen in observations)
    weighted = prior.centre / prior.deviation**2
    weighted += sum(seen.error / (between + seen.variance) for seen in observations)
    return Belief(
        centre=weighted / precision,
        deviation=math.sqrt(between + 1 / precision),
        degrees=prior.weight + max(len(observations) - 1, 0),
    )


def _between(prior: Prior, observations: Sequence[Observation]) -> float:
    """The variance between campaigns: what they show beyond chance, shrunk to the prior's."""
    if not observations:
        return prior.deviation**2
    weights = [1 / (prior.deviation**2 + seen.variance) for seen in observations]
    mean = sum(weight * seen.error for weight, seen in zip(weights, observations, strict=True)) / sum(weights)
    beyond = sum(max((seen.error - mean) ** 2 - seen.variance, 0.0) for seen in observations)
    return (prior.weight * prior.deviation**2 + beyond) / (prior.weight + len(observations) - 1)
