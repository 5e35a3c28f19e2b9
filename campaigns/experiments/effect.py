"""What an arm changed: difference and relative lift of means against the holdout, with the prediction as covariate.

CUPED (Deng, Xu, Kohavi and Walker 2013): the part of the outcome that was predicted before the launch is taken out of
both groups, y - b (x - mean x of both), with one slope b from both groups pooled. A slope that weights the holdout most
has the smallest variance in theory (Lin 2013, "Agnostic notes on regression adjustments"), but a small holdout is then
fitted to itself, and the interval comes out too narrow.

Spending is skewed, and a holdout that happens to lack big spenders also looks less spread than it is: the fewer of it
bought and the heavier the tail, the more often Welch's 95 % interval misses (docs/experiments.md has figures). The
confidence sequence, looked at daily, stays below 5 %.
"""

import math
from dataclasses import dataclass

from scipy.special import stdtr, stdtrit

from campaigns.experiments.moments import Moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From low to high; infinite where nothing can be said."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def times(self, factor: float) -> "Interval":
        """Scaled by a factor that is not negative."""
        return Interval(low=self.low * factor, high=self.high * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The difference of two means, arm minus holdout, per customer."""

    arm_mean: float
    """Adjusted for the prediction."""
    holdout_mean: float
    arm_error: float
    """Standard error of the mean, the audience's mean prediction taken as given."""
    holdout_error: float
    degrees_of_freedom: float
    """Welch and Satterthwaite's."""
    customers: int
    """Of both groups."""
    variance_left: float
    """Variance of the difference with the prediction, as a part of that without."""

    @property
    def difference(self) -> float:
        """Arm minus holdout."""
        return self.arm_mean - self.holdout_mean

    @property
    def standard_error(self) -> float:
        """Of the difference; infinite when no outcome differed from another, for then nothing is known."""
        return math.hypot(self.arm_error, self.holdout_error) or math.inf

    @property
    def lift(self) -> float | None:
        """The difference as a part of the holdout's mean; None if that is not positive."""
        return self.difference / self.holdout_mean if self.holdout_mean > 0 else None


def compare(arm: Moments, holdout: Moments) -> Estimate:
    """The estimate from the sums of both groups; a covariate that is constant adjusts nothing.

    Raises:
        ValueError: If a group has fewer than two customers.
    """
    for name, group in (("arm", arm), ("holdout", holdout)):
        if group.count < 2:  # noqa: PLR2004 - a variance needs two
            raise ValueError(f"{name} has {group.count} customers; a comparison needs at least two in each group")
    slope = _slope(arm, holdout)
    centre = (arm.covariate + holdout.covariate) / (arm.count + holdout.count)
    kept = _mean_variance(arm, slope), _mean_variance(holdout, slope)
    plain = arm.variance / arm.count + holdout.variance / holdout.count
    return Estimate(
        arm_mean=arm.mean - slope * (arm.covariate_mean - centre),
        holdout_mean=holdout.mean - slope * (holdout.covariate_mean - centre),
        arm_error=math.sqrt(kept[0]),
        holdout_error=math.sqrt(kept[1]),
        degrees_of_freedom=_degrees_of_freedom(kept, (arm.count, holdout.count)),
        customers=arm.count + holdout.count,
        variance_left=sum(kept) / plain if plain else 1.0,
    )


def fixed_critical_value(estimate: Estimate, alpha: float) -> float:
    """Standard errors on either side of a Welch interval, for one look at a time that was fixed before the launch."""
    return float(stdtrit(estimate.degrees_of_freedom, 1 - alpha / 2))


def fixed_p_value(estimate: Estimate) -> float:
    """Two-sided, of no difference, by Welch's test."""
    return float(2 * stdtr(estimate.degrees_of_freedom, -abs(estimate.difference) / estimate.standard_error))


def difference_interval(estimate: Estimate, critical_value: float) -> Interval:
    """`critical_value` standard errors around the difference."""
    half = critical_value * estimate.standard_error
    return Interval(low=estimate.difference - half, high=estimate.difference + half)


def lift_interval(estimate: Estimate, critical_value: float) -> Interval | None:
    """Fieller's interval of the relative lift: every lift that the data do not contradict.

    None when the holdout's own mean is not clearly positive: any lift, however large, could then be true.
    """
    arm, holdout = estimate.arm_mean, estimate.holdout_mean
    arm_square = arm**2 - (critical_value * estimate.arm_error) ** 2
    holdout_square = holdout**2 - (critical_value * estimate.holdout_error) ** 2
    if holdout <= 0 or not holdout_square > 0 or not math.isfinite(estimate.standard_error):
        return None
    root = math.sqrt(max((arm * holdout) ** 2 - arm_square * holdout_square, 0.0))
    return Interval(low=(arm * holdout - root) / holdout_square - 1, high=(arm * holdout + root) / holdout_square - 1)


def _slope(arm: Moments, holdout: Moments) -> float:
    free = arm.count - 1, holdout.count - 1
    variance = free[0] * arm.covariate_variance + free[1] * holdout.covariate_variance
    covariance = free[0] * arm.covariance + free[1] * holdout.covariance
    return covariance / variance if variance > 0 else 0.0


def _mean_variance(group: Moments, slope: float) -> float:
    """Variance of the adjusted mean."""
    left = group.variance - 2 * slope * group.covariance + slope**2 * group.covariate_variance
    return max(left, 0.0) / group.count


def _degrees_of_freedom(mean_variances: tuple[float, float], counts: tuple[int, int]) -> float:
    parts = sum(part**2 / (count - 1) for part, count in zip(mean_variances, counts, strict=True))
    return sum(mean_variances) ** 2 / parts if parts else float(sum(counts) - 2)
