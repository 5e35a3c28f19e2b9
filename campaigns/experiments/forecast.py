"""The preview: redemptions, cost and incremental revenue before anything is sent, with intervals.

A tier is expected to redeem REDEMPTION times the buyers that the scores predict, and to spend LIFT more than predicted.
Both are then corrected by how past campaigns of the shop came out (`Calibration`), which also gives the width: a new
shop's preview is wide, and says so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from campaigns.experiments.calibration import Belief, Prior, believed

REDEMPTION = 0.3
"""Redemptions for each buyer that the scores predict."""
LIFT = 0.1
"""Additional revenue as a part of the spend that the scores predict."""
LEVEL = 0.8
"""Probability that an interval holds what comes."""
COUNT_PRIOR = Prior(centre=0.0, deviation=0.5)
"""Of the logarithm of actual over predicted redemptions, and of discounts: off by a factor of 1.6 either way."""
REVENUE_PRIOR = Prior(centre=1.0, deviation=0.75)
"""Of actual over predicted incremental revenue, which may be negative."""
DISCOUNT_SPREAD = 1.0
"""Standard deviation of the discount of one redemption as a part of its mean, as of an exponential order value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierAudience:
    """The customers of a tier who would get the offer, held-out ones left out."""

    tier: str
    customers: int
    expected_buyers: float
    """Sum of the purchase probabilities."""
    expected_spend_minor: float
    """Sum of the expected spend, in minor units."""
    discount_minor: float
    """Mean discount of a redemption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What past campaigns say about forecasts of one tier."""

    redemptions: Belief
    discounts: Belief
    revenue: Belief


UNCALIBRATED = Calibration(
    redemptions=believed(COUNT_PRIOR, ()), discounts=believed(COUNT_PRIOR, ()), revenue=believed(REVENUE_PRIOR, ())
)
"""Before the first campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One number that is foretold; the interval holds with probability LEVEL."""

    value: float
    low: float
    high: float
    raw: float
    """Before calibration: the number that the next calibration compares with what came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierForecast:
    """What a tier, or the whole audience, will do."""

    tier: str
    redemptions: Prediction
    discounts: Prediction
    """Given with the redemptions, in minor units."""
    revenue: Prediction
    """Incremental: what would not be spent without the campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A preview's numbers."""

    tiers: tuple[TierForecast, ...]
    total: TierForecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a campaign may not exceed, whatever its customers want."""

    redemptions: float | None = None
    discounts_minor: float | None = None


def foretell(
    audiences: Sequence[TierAudience],
    calibrations: Mapping[str, Calibration] | None = None,
    limits: Limits = Limits(),
) -> Forecast:
    """The forecast of each tier in the order given; a tier without calibration is as assumed.

    A good or bad campaign is good or bad in every tier, so the ends of the intervals add up. Where all tiers together
    reach a limit, each has its part of what the limit allows.
    """
    known = calibrations or {}
    tiers = tuple(_tier(audience, known.get(audience.tier, UNCALIBRATED)) for audience in audiences)
    total = _together(tiers)
    parts = _allowed(total, limits)
    return Forecast(tiers=tuple(_limited(tier, parts) for tier in tiers), total=_limited(total, parts))


def _together(tiers: Sequence[TierForecast]) -> TierForecast:
    return TierForecast(
        tier="all",
        redemptions=_added([tier.redemptions for tier in tiers]),
        discounts=_added([tier.discounts for tier in tiers]),
        revenue=_added([tier.revenue for tier in tiers]),
    )


def _allowed(total: TierForecast, limits: Limits) -> Prediction:
    """The part of the redemptions that the limits allow, at the value, at either end and before calibration."""

    def part(redemptions: float, discounts: float) -> float:
        wanted = ((redemptions, limits.redemptions), (discounts, limits.discounts_minor))
        return min([1.0, *(limit / want for want, limit in wanted if limit is not None and want > 0)])

    redemptions, discounts = total.redemptions, total.discounts
    return Prediction(
        value=part(redemptions.value, discounts.value), low=part(redemptions.low, discounts.low),
        high=part(redemptions.high, discounts.high), raw=part(redemptions.raw, discounts.raw),
    )  # fmt: skip


def _limited(tier: TierForecast, parts: Prediction) -> TierForecast:
    """Revenue follows the redemptions that are expected: its interval says nothing of how many there will be."""
    return replace(
        tier,
        redemptions=_scaled(tier.redemptions, parts),
        discounts=_scaled(tier.discounts, parts),
        revenue=_scaled(tier.revenue, replace(parts, low=parts.value, high=parts.value)),
    )


def _scaled(prediction: Prediction, parts: Prediction) -> Prediction:
    value = prediction.value * parts.value
    return Prediction(
        value=value,
        low=min(prediction.low * parts.low, value),
        high=max(prediction.high * parts.high, value),
        raw=prediction.raw * parts.raw,
    )


def _tier(audience: TierAudience, calibration: Calibration) -> TierForecast:
    count = audience.expected_buyers * REDEMPTION
    chance = 1 / max(count, 1.0)
    uneven = chance * (1 + DISCOUNT_SPREAD**2)
    redemptions = _factor(count, calibration.redemptions, chance)
    discounts = _factor(count * audience.discount_minor, calibration.discounts, uneven)
    if math.exp(-redemptions.value) > (1 - LEVEL) / 2:
        # A logarithm knows no zero, and of so few redemptions there may be none.
        redemptions, discounts = replace(redemptions, low=0.0), replace(discounts, low=0.0)
    return TierForecast(
        tier=audience.tier,
        redemptions=redemptions,
        discounts=discounts,
        revenue=_multiple(audience.expected_spend_minor * LIFT, calibration.revenue),
    )


def _factor(raw: float, belief: Belief, chance: float) -> Prediction:
    """Of a quantity that is never negative: the error is that of the logarithm."""
    value, reach = raw * math.exp(belief.centre), belief.reach(LEVEL, chance=chance)
    return Prediction(value=value, low=value * math.exp(-reach), high=value * math.exp(reach), raw=raw)


def _multiple(raw: float, belief: Belief) -> Prediction:
    value, half = raw * belief.centre, abs(raw) * belief.reach(LEVEL)
    return Prediction(value=value, low=value - half, high=value + half, raw=raw)


def _added(parts: Sequence[Prediction]) -> Prediction:
    return Prediction(
        value=sum(part.value for part in parts),
        low=sum(part.low for part in parts),
        high=sum(part.high for part in parts),
        raw=sum(part.raw for part in parts),
    )
