"""High, mid and low: how a predicted value becomes a tier. Pure."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, assert_never

from campaigns.tiers.refusals import InvalidTierScheme

LONGEST_GRACE_DAYS = 366


class Tier(StrEnum):
    """How much a customer is expected to be worth."""

    HIGH = "HIGH"
    MID = "MID"
    LOW = "LOW"

    @property
    def rank(self) -> int:
        """Higher for a higher tier."""
        return RANKS[self]


RANKS = {Tier.LOW: 1, Tier.MID: 2, Tier.HIGH: 3}


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
class Hysteresis:
    """What keeps customers near a threshold from flapping: up at once, down late."""

    margin: float
    """Share of a threshold: who has a tier keeps it down to threshold * (1 - margin)."""
    grace_days: int
    """Who lies below the margin keeps the tier for so many days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """All that places a customer by a measure: the thresholds, how far below them a tier is kept, and for how long."""

    thresholds: Levels
    """Lowest measure that gives HIGH and MID."""
    keeps: Levels
    """Lowest measure that keeps them."""
    grace_days: int

    def reached(self, value: float) -> Tier:
        """The tier of someone new."""
        return _above(self.thresholds, value)

    def kept(self, value: float) -> Tier:
        """The highest tier that who has it keeps."""
        return _above(self.keeps, value)


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
    hysteresis: Hysteresis
    active: bool
    revision: int
    create_time: datetime

    @property
    def etag(self) -> str:
        """Changes when the version comes into force or goes out of it, and with its thresholds."""
        return str(self.revision)

    @property
    def bounds(self) -> Bounds | None:
        """What places a customer; None while a QUANTILE scheme has no thresholds."""
        return None if self.thresholds is None else bounds_of(self.thresholds, self.hysteresis)


def measured(measure: Measure, score: Measured) -> float:
    """The number that a score is placed by; a probability that nobody knows counts as none."""
    match measure:
        case Measure.PURCHASE_90:
            return 0.0 if math.isnan(score.purchase_90) else score.purchase_90
        case Measure.EXPECTED_VALUE:
            return float(score.spend_minor)
        case _:
            assert_never(measure)


def bounds_of(thresholds: Levels, hysteresis: Hysteresis) -> Bounds:
    """Thresholds with their margin and grace period."""
    keeps = Levels(high=thresholds.high * (1 - hysteresis.margin), mid=thresholds.mid * (1 - hysteresis.margin))
    return Bounds(thresholds=thresholds, keeps=keeps, grace_days=hysteresis.grace_days)


def thresholds_of(method: Method, parameters: Levels) -> Levels | None:
    """What can be known of the thresholds when a scheme is made."""
    return parameters if method is Method.ABSOLUTE else None


def check(measure: Measure, method: Method, parameters: Levels, hysteresis: Hysteresis) -> None:
    """Raises InvalidTierScheme for numbers that cannot make three tiers, or keep nobody from leaving them."""
    high, mid = parameters.high, parameters.mid
    if not (math.isfinite(high) and math.isfinite(mid)) or high < 0 or mid < 0:
        raise InvalidTierScheme("high and mid must be finite and not negative", field="parameters")
    if method is Method.QUANTILE and high + mid > 1:
        raise InvalidTierScheme(f"the shares add up to {high + mid:g}, more than all customers", field="parameters")
    if method is Method.ABSOLUTE and mid > high:
        raise InvalidTierScheme("the threshold of MID lies above that of HIGH", field="parameters.mid")
    if method is Method.ABSOLUTE and measure is Measure.PURCHASE_90 and high > 1:
        raise InvalidTierScheme("a probability never reaches a threshold above 1", field="parameters.high")
    if not 0 <= hysteresis.margin < 1:
        raise InvalidTierScheme("the margin is a share of a threshold: 0 or more, below 1", field="margin")
    if not 0 <= hysteresis.grace_days <= LONGEST_GRACE_DAYS:
        raise InvalidTierScheme(f"the grace period has 0 to {LONGEST_GRACE_DAYS} days", field="grace_days")


def _above(levels: Levels, value: float) -> Tier:
    if value >= levels.high:
        return Tier.HIGH
    return Tier.MID if value >= levels.mid else Tier.LOW
