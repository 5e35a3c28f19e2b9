"""Before the launch: the smallest effect that a campaign can detect, and how many customers one needs for an effect.

Normal approximation, two-sided, the outcome equally spread in both groups; good from some hundred customers on.
"""

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri

from campaigns.experiments.assignment import HOLDOUT, Design
from campaigns.experiments.moments import Moments
from campaigns.experiments.multiplicity import shared_alpha
from campaigns.experiments.refusals import InvalidExperiment
from campaigns.experiments.sequential import final_critical_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """An outcome per customer as it would be without the campaign."""

    mean: float
    standard_deviation: float
    correlation: float = 0.0
    """With the model's prediction; 0 for results without CUPED."""

    @property
    def unexplained_deviation(self) -> float:
        """The standard deviation that CUPED leaves: the variance times 1 - correlation^2."""
        return self.standard_deviation * math.sqrt(1 - self.correlation**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Customers of one arm and of the holdout."""

    arm: int
    holdout: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """How results will be judged."""

    alpha: float = 0.05
    power: float = 0.8
    """Probability to find an effect that is there."""
    arms: int = 1
    any_time: bool = True
    """Judged by the confidence sequence at any time, as against once at the planned end."""

    @property
    def critical_value(self) -> float:
        """Standard errors that the difference must reach."""
        alpha = shared_alpha(self.alpha, self.arms)
        return final_critical_value(alpha) if self.any_time else float(ndtri(1 - alpha / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectableEffect:
    """The smallest true effect that is found with the power that was asked for."""

    per_customer: float
    relative: float | None
    """As a part of the baseline's mean; None if that is zero."""


def detectable_effect(baseline: Baseline, sizes: Sizes, criterion: Criterion) -> DetectableEffect:
    """The minimum detectable effect of a campaign of this size."""
    reach = criterion.critical_value + float(ndtri(criterion.power))
    effect = reach * _standard_error(baseline, sizes)
    return DetectableEffect(per_customer=effect, relative=effect / baseline.mean if baseline.mean else None)


def power_for(effect: float, baseline: Baseline, sizes: Sizes, criterion: Criterion) -> float:
    """Probability that a true effect per customer of this size is found by the planned end."""
    distance = abs(effect) / _standard_error(baseline, sizes)
    critical = criterion.critical_value
    return float(ndtr(distance - critical) + ndtr(-critical - distance))


def customers_needed(effect: float, baseline: Baseline, *, holdout: float, criterion: Criterion) -> int:
    """Customers of arm and holdout together that are needed to find `effect` per customer.

    Raises:
        InvalidExperiment: If the effect is zero or the holdout is not a share between 0 and 1.
    """
    if effect == 0:
        raise InvalidExperiment("no number of customers finds an effect of zero", field="effect")
    if not 0 < holdout < 1:
        raise InvalidExperiment("without a holdout nothing can be compared: choose a share above 0", field="holdout")
    reach = criterion.critical_value + float(ndtri(criterion.power))
    spread = baseline.unexplained_deviation**2 * (1 / holdout + 1 / (1 - holdout))
    return math.ceil(spread * (reach / effect) ** 2)


def sizes_of(design: Design, customers: int) -> dict[str, Sizes]:
    """The expected sizes for each arm of an audience."""
    shares = design.shares
    holdout = round(customers * shares.pop(HOLDOUT))
    return {arm: Sizes(arm=round(customers * share), holdout=holdout) for arm, share in shares.items()}


def baseline_of_past(past: Moments) -> Baseline:
    """From outcomes of an earlier window of the same length, with the predictions made before it."""
    spread = math.sqrt(past.variance * past.covariate_variance)
    return Baseline(
        mean=past.mean,
        standard_deviation=math.sqrt(past.variance),
        correlation=min(max(past.covariance / spread, -1.0), 1.0) if spread > 0 else 0.0,
    )


def baselines_of_scores(chance: float, spend: float, *, part: float) -> tuple[Baseline, Baseline]:
    """Of having bought and of revenue, in `part` of the span for which the means of the scores are given.

    Orders come independently and are worth as differently as an exponential law says, so that the variance is twice the
    squared mean of each.
    """
    bought = 1 - (1 - min(max(chance, 0.0), 1.0)) ** part
    mean = spend * part
    spread = mean * math.sqrt(2 / bought - 1) if bought else mean
    return (
        Baseline(mean=bought, standard_deviation=math.sqrt(bought * (1 - bought))),
        Baseline(mean=mean, standard_deviation=spread),
    )


def revenue_baseline(past: Baseline, scored: Baseline, *, part: float) -> Baseline:
    """By a past of which the time is a `part`, as if orders came independently, or by the scores where they say more.

    Who is to be won back spent nothing lately, and will differ all the same. A spread that is taken too small lets a
    confidence sequence be narrow before there are buyers enough.
    """
    spread = max(past.standard_deviation * math.sqrt(part), scored.standard_deviation)
    return Baseline(mean=past.mean * part or scored.mean, standard_deviation=spread)


def _standard_error(baseline: Baseline, sizes: Sizes) -> float:
    if min(sizes.arm, sizes.holdout) < 1:
        raise InvalidExperiment(
            f"a comparison needs customers in both groups, and there are {sizes.arm} and {sizes.holdout}",
            field="holdout",
        )
    return baseline.unexplained_deviation * math.sqrt(1 / sizes.arm + 1 / sizes.holdout)
