"""What coupons that are given and not used yet may still cost: outstanding coupons, how likely each is used, its worth.

A coupon is used with the probability that the scores foretell of its customer, times what a buyer is assumed to do
with a coupon, times how past campaigns of the tier came out (`experiments.forecast`, its prior before the first). It
is never nothing, and 1 for a coupon that was given by hand. The orders of two customers are independent; an error of
the foretelling is shared by all coupons. Pure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.special import gammaincc, gammaincinv

from campaigns.experiments.calibration import Belief, Observation, believed
from campaigns.experiments.effect import Interval
from campaigns.experiments.forecast import COUNT_PRIOR, DISCOUNT_SPREAD, REDEMPTION

LEAST_RATE = 0.01
"""Of a coupon, to be used: whatever scores and past campaigns say."""
UNTRIED = believed(COUNT_PRIOR, ())
"""Before the first campaign: off by a factor of two either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTier:
    """How the coupons of a tier fared in a campaign that is over."""

    tier: str
    coupons: int
    buyers: float
    """Sum of the probabilities to buy that were foretold."""
    redeemed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Coupons of one tier in one arm, which have the same discount."""

    arm: str
    tier: str
    coupons: float
    buyers: float
    """Sum of the probabilities to buy that are foretold."""
    value_minor: int
    """What one takes off a usual order."""
    most_minor: int | None
    """The most that one can take off; None where nothing bounds it."""
    sure: bool = False
    """Whether each of them counts as one that is used: their customers asked for them."""

    @property
    def foretold(self) -> float:
        """Redemptions of one coupon, before past campaigns correct it."""
        return REDEMPTION * self.buyers / self.coupons if self.coupons else 0.0

    def share(self, part: float) -> "Group":
        """So much of it."""
        return replace(self, coupons=self.coupons * part, buyers=self.buyers * part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Liability:
    """What coupons may still cost, as sums over groups; minor units."""

    expected_minor: float
    chance_variance: float
    """Of orders, each on its own."""
    shared_deviation: float
    """Of the foretelling, which is off in the same direction for all."""
    most_minor: float | None
    """If every coupon is used that may be, the dearest first; None where nothing bounds it."""

    @property
    def deviation_minor(self) -> float:
        """Standard deviation of the whole."""
        return math.sqrt(self.chance_variance + self.shared_deviation**2)

    def exceeds(self, left_minor: float) -> float:
        """The probability that more than this is used; Gamma by its moments: never negative, and skewed as sums are."""
        if left_minor < 0:
            return 1.0
        if self.expected_minor == 0 or (self.most_minor is not None and self.most_minor <= left_minor):
            return 0.0
        scale = self.deviation_minor**2 / self.expected_minor
        if scale == 0:
            return float(self.expected_minor > left_minor)
        return float(gammaincc(self.expected_minor / scale, left_minor / scale))

    def within(self, level: float) -> Interval:
        """What is used lies in it with probability `level`, as likely below it as above."""
        return Interval(low=self.suffices((1 - level) / 2), high=self.suffices((1 + level) / 2))

    def suffices(self, level: float) -> float:
        """No more than this is used with probability `level`."""
        if self.deviation_minor == 0:
            return self.expected_minor
        scale = self.deviation_minor**2 / self.expected_minor
        most = math.inf if self.most_minor is None else self.most_minor
        return min(float(gammaincinv(self.expected_minor / scale, level) * scale), most)


def beliefs(past: Sequence[PastTier]) -> Mapping[str, Belief]:
    """By tier: the logarithm of actual over foretold redemptions. Half a redemption is added to both."""
    tiers = {each.tier for each in past}
    return {tier: believed(COUNT_PRIOR, [_error(each) for each in past if each.tier == tier]) for tier in tiers}


def rate(group: Group, belief: Belief) -> tuple[float, float]:
    """The probability that a coupon is used, and the standard deviation of what is believed of it."""
    if group.sure:
        return 1.0, 0.0
    factor = math.exp(belief.centre + belief.deviation**2 / 2)
    mean = min(max(group.foretold * factor, LEAST_RATE), 1.0)
    return mean, mean * math.sqrt(math.expm1(belief.deviation**2))


def liability(groups: Sequence[Group], known: Mapping[str, Belief], *, redemptions: int | None = None) -> Liability:
    """Of all groups together, of which so many coupons may be used at most."""
    expected = chance = shared = 0.0
    for group in groups:
        mean, deviation = rate(group, known.get(group.tier, UNTRIED))
        expected += group.coupons * mean * group.value_minor
        chance += group.coupons * (mean * _second_moment(group) - (mean * group.value_minor) ** 2)
        shared += group.coupons * deviation * group.value_minor
    most = _most(groups, math.inf if redemptions is None else redemptions)
    return Liability(
        expected_minor=expected if most is None else min(expected, most), chance_variance=max(chance, 0.0),
        shared_deviation=shared, most_minor=most,
    )  # fmt: skip


def _most(groups: Sequence[Group], redemptions: float) -> float | None:
    most = 0.0
    for group in sorted(groups, key=lambda each: -math.inf if each.most_minor is None else -each.most_minor):
        used = min(group.coupons, redemptions)
        if used and group.most_minor is None:
            return None
        most += used * (group.most_minor or 0)
        redemptions -= used
    return most


def _second_moment(group: Group) -> float:
    """Of what one redemption takes off: spread as orders are, unless something bounds it."""
    spread = (1 + DISCOUNT_SPREAD**2) * float(group.value_minor) ** 2
    return spread if group.most_minor is None else min(spread, float(group.most_minor) * group.value_minor)


def _error(past: PastTier) -> Observation:
    foretold, actual = REDEMPTION * past.buyers + 0.5, past.redeemed + 0.5
    return Observation(error=math.log(actual / foretold), variance=1 / actual)
