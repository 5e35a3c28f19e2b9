"""By what a scheme places everybody at one time: shares become thresholds of the scores that there are."""

from datetime import datetime

from campaigns.tiers.tiers import Bounds, Levels, Method, TierScheme, bounds_of
from database.session import Snapshot
from database.tiers import standings
from database.tiers.standings import Placing


def placing_of(snapshot: Snapshot, scheme: TierScheme, as_of: datetime, *, shadow: str | None = None) -> Placing:
    """For the stored scores, or those of a shadow run, which are of this time."""
    bounds = bounds_of(_thresholds(snapshot, scheme, shadow), scheme.hysteresis)
    return Placing(
        measure=scheme.measure, high=bounds.thresholds.high, mid=bounds.thresholds.mid, keeps_high=bounds.keeps.high,
        keeps_mid=bounds.keeps.mid, grace_days=bounds.grace_days, now=as_of, shadow=shadow,
    )  # fmt: skip


def bounds_in(placing: Placing) -> Bounds:
    """The same for one customer."""
    return Bounds(
        thresholds=Levels(high=placing.high, mid=placing.mid),
        keeps=Levels(high=placing.keeps_high, mid=placing.keeps_mid), grace_days=placing.grace_days,
    )  # fmt: skip


def _thresholds(snapshot: Snapshot, scheme: TierScheme, shadow: str | None) -> Levels:
    if scheme.method is Method.ABSOLUTE:
        return scheme.parameters
    shares, measure = scheme.parameters, scheme.measure
    return Levels(
        high=standings.lowest_of_top(snapshot, measure=measure, share=shares.high, shadow=shadow),
        mid=standings.lowest_of_top(snapshot, measure=measure, share=shares.high + shares.mid, shadow=shadow),
    )
