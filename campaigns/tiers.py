"""High, mid and low: how a predicted value becomes a tier. Pure."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, assert_never

from campaigns.errors import InvalidTierScheme


class Tier(StrEnum):
    """How much a customer is expected to be worth."""

    HIGH = "HIGH"
    MID = "MID"
    LOW = "LOW"


class Measure(StrEnum):
    """What is compared with the thresholds."""

    PURCHASE_90 = "PURCHASE_90"
    """Probability of a purchase within 90 days, 0 to 1."""
    EXPECTED_VALUE = "EXPECTED_VALUE"
    """Expected spend within 90 days, in minor units."""


class Method(StrEnum):
    """What the parameters of a scheme mean."""

    ABSOLUTE = "ABSOLUTE"
    """They are the thresholds themselves."""
    QUANTILE = "QUANTILE"
    """They are shares of all customers, from the top; each rescoring turns them into thresholds."""


class Measured(Protocol):
    """What a tier needs of a score."""

    @property
    def purchase_90(self) -> float: ...
    @property
    def spend_minor(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Two numbers, one for each tier that is not the rest: thresholds, or shares."""

    high: float
    mid: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TierScheme:
    """One version of the thresholds."""

    version: int
    measure: Measure
    method: Method
    parameters: Levels
    """ABSOLUTE: lowest measure of HIGH and of MID. QUANTILE: share of HIGH, and share of MID below it."""
    thresholds: Levels | None
    """Lowest measure of HIGH and of MID; None until a first rescoring has turned shares into thresholds."""
    active: bool
    create_time: datetime


def measured(measure: Measure, score: Measured) -> float:
    """The number that a score is placed by."""
    match measure:
        case Measure.PURCHASE_90:
            return score.purchase_90
        case Measure.EXPECTED_VALUE:
            return float(score.spend_minor)
        case _:
            assert_never(measure)


def tier_of(scheme: TierScheme, score: Measured) -> Tier | None:
    """The tier of a score; None while a QUANTILE scheme has no thresholds."""
    if scheme.thresholds is None:
        return None
    value = measured(scheme.measure, score)
    if value >= scheme.thresholds.high:
        return Tier.HIGH
    return Tier.MID if value >= scheme.thresholds.mid else Tier.LOW


def thresholds_of(method: Method, parameters: Levels) -> Levels | None:
    """What can be known of the thresholds when a scheme is made."""
    return parameters if method is Method.ABSOLUTE else None


def check(measure: Measure, method: Method, parameters: Levels) -> None:
    """Raises InvalidTierScheme for numbers that cannot make three tiers."""
    high, mid = parameters.high, parameters.mid
    if not (math.isfinite(high) and math.isfinite(mid)) or high < 0 or mid < 0:
        raise InvalidTierScheme("high and mid must be finite and not negative", field="parameters")
    if method is Method.QUANTILE and high + mid > 1:
        raise InvalidTierScheme(f"the shares add up to {high + mid:g}, more than all customers", field="parameters")
    if method is Method.ABSOLUTE and mid > high:
        raise InvalidTierScheme("the threshold of MID lies above that of HIGH", field="parameters.mid")
    if method is Method.ABSOLUTE and measure is Measure.PURCHASE_90 and high > 1:
        raise InvalidTierScheme("a probability never reaches a threshold above 1", field="parameters.high")
