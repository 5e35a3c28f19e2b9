"""Forecast against actual, kept for every campaign and tier: how good previews are, and the correction of the next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtri

from campaigns.experiments.calibration import Belief, Observation, Prior, believed
from campaigns.experiments.forecast import COUNT_PRIOR, DISCOUNT_SPREAD, LEVEL, REVENUE_PRIOR, Calibration, Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A prediction beside what came."""

    predicted: Prediction
    actual: float
    actual_error: float = 0.0
    """Standard error of `actual` where it is itself an estimate, as incremental revenue is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOutcome:
    """One past campaign of a tier, when its window is over."""

    redemptions: Outcome
    discounts: Outcome
    revenue: Outcome | None
    """None where nobody was held out, so that nobody can know."""


def calibration(past: Sequence[CampaignOutcome]) -> Calibration:
    """The correction for the next preview of a tier, from all its past campaigns."""
    return Calibration(
        redemptions=_belief(COUNT_PRIOR, [_count_error(campaign.redemptions) for campaign in past]),
        discounts=_belief(COUNT_PRIOR, [_money_error(campaign.discounts, campaign.redemptions) for campaign in past]),
        revenue=_belief(REVENUE_PRIOR, [_ratio(campaign.revenue) for campaign in past if campaign.revenue]),
    )


def covered(outcome: Outcome) -> bool:
    """Whether the interval held what came, the error of measuring it allowed for."""
    measured = float(ndtri((1 + LEVEL) / 2)) * outcome.actual_error
    low = outcome.predicted.value - math.hypot(outcome.predicted.value - outcome.predicted.low, measured)
    high = outcome.predicted.value + math.hypot(outcome.predicted.high - outcome.predicted.value, measured)
    return low <= outcome.actual <= high


def bias(outcomes: Sequence[Outcome]) -> float | None:
    """Actual over predicted, all campaigns together; 1 is right. None if nothing was predicted."""
    predicted = sum(outcome.predicted.value for outcome in outcomes)
    return sum(outcome.actual for outcome in outcomes) / predicted if predicted else None


def _belief(prior: Prior, observations: Sequence[Observation | None]) -> Belief:
    return believed(prior, [seen for seen in observations if seen is not None])


def _count_error(outcome: Outcome) -> Observation | None:
    """Half a redemption is added to both, so that a campaign without any still counts."""
    if outcome.predicted.raw <= 0:
        return None
    actual = outcome.actual + 0.5
    return Observation(error=math.log(actual / (outcome.predicted.raw + 0.5)), variance=1 / actual)


def _money_error(outcome: Outcome, redemptions: Outcome) -> Observation | None:
    """None for a campaign that gave no discount: its redemptions say how it went."""
    if outcome.predicted.raw <= 0 or outcome.actual <= 0:
        return None
    chance = (1 + DISCOUNT_SPREAD**2) / max(redemptions.actual, 1.0)
    return Observation(error=math.log(outcome.actual / outcome.predicted.raw), variance=chance)


def _ratio(outcome: Outcome) -> Observation | None:
    if outcome.predicted.raw == 0:
        return None
    return Observation(
        error=outcome.actual / outcome.predicted.raw, variance=(outcome.actual_error / outcome.predicted.raw) ** 2
    )
