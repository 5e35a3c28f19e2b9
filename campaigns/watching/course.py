"""How a campaign's effect went, for whoever watches: reckoned at once where few take part, else as kept each midnight.

A page must not wait for a million customers to be counted. What is kept is older, and says of which moment it is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Self

from campaigns.experiments.assignment import HOLDOUT
from campaigns.experiments.decision import Decision, Verdict
from campaigns.experiments.effect import Interval
from campaigns.experiments.results import Effect, Metric, Results
from campaigns.experiments.sample_ratio import SampleRatio, check_ratio
from campaigns.results import measuring, over_time
from campaigns.terms.campaign import Campaign, State
from campaigns.watching.readings import ALL_ARMS
from database.reporting import readings
from database.reporting.readings import ResultReading
from database.session import Snapshot

AT_ONCE = 2_000
"""Customers whose results are reckoned within the time of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One metric of one arm by the end of a day, with its confidence sequence."""

    time: datetime
    arm: str
    """`ALL` for all arms as one."""
    metric: Metric
    customers: int
    holdout_customers: int
    mean: float
    holdout_mean: float
    difference: float
    """Per customer."""
    interval: Interval
    lift: float | None
    lift_interval: Interval | None
    p_value: float

    @property
    def total(self) -> float:
        """What would not have happened without the campaign."""
        return self.difference * self.customers

    @property
    def total_interval(self) -> Interval:
        """Likewise."""
        return self.interval.times(self.customers)

    @property
    def known(self) -> bool:
        """Whether anything can be said."""
        return math.isfinite(self.interval.low) and math.isfinite(self.interval.high)

    @classmethod
    def of_effect(cls, moment: datetime, arm: str, effect: Effect) -> Self:
        """As it is reckoned."""
        seen = effect.any_time
        return cls(
            time=moment, arm=arm, metric=effect.metric, customers=effect.customers,
            holdout_customers=effect.holdout_customers, mean=effect.mean, holdout_mean=effect.holdout_mean,
            difference=effect.difference, interval=seen.difference, lift=effect.lift, lift_interval=_finite(seen.lift),
            p_value=seen.p_value,
        )  # fmt: skip

    @classmethod
    def of_reading(cls, kept: ResultReading) -> Self:
        """As it was kept."""
        lift = None
        if kept.lift_low is not None and kept.lift_high is not None:
            lift = Interval(low=kept.lift_low, high=kept.lift_high)
        return cls(
            time=datetime.combine(kept.day, time(), tzinfo=UTC), arm=kept.arm, metric=Metric(kept.metric),
            customers=kept.customers, holdout_customers=kept.holdout_customers, mean=kept.mean,
            holdout_mean=kept.holdout_mean, difference=kept.difference, interval=Interval(low=kept.low, high=kept.high),
            lift=kept.lift, lift_interval=lift, p_value=kept.p_value,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is known of an experiment, and how it came to be."""

    campaign: Campaign
    until: datetime | None
    """What the last marks count until; None before the first."""
    kept: bool
    """Whether this is what was kept at midnight, and more has happened since."""
    primary: Metric
    """By which it is judged."""
    marks: tuple[Mark, ...]
    """By time."""
    decisions: Mapping[str, Decision]
    """By arm, `ALL` among them; those that were kept give no reasons."""
    sample_ratio: SampleRatio | None
    exclusions: Mapping[str, SampleRatio]
    """Only where it is reckoned now."""
    discounts: Mapping[str, int]
    """Counted by arm, minor units; only where it is reckoned now."""

    def last(self, arm: str = ALL_ARMS) -> Mapping[Metric, Mark]:
        """The newest marks of an arm."""
        return {mark.metric: mark for mark in self.marks if mark.arm == arm and mark.time == self.until}

    def line(self, arm: str, metric: Metric) -> list[Mark]:
        """The marks of an arm that say anything, oldest first."""
        return [mark for mark in self.marks if (mark.arm, mark.metric) == (arm, metric) and mark.known]

    @property
    def arms(self) -> list[str]:
        """Their names, in alphabetical order."""
        return sorted({mark.arm for mark in self.marks} - {ALL_ARMS})


def course(snapshot: Snapshot, campaign_id: str, now: datetime, *, at_once: bool = False) -> Course:
    """`at_once` counts until now, however many take part.

    Raises CampaignNotFound, CampaignNotLaunched, NothingToCompare where nobody is held out or a group is too small.
    """
    campaign, _ = measuring.launched(snapshot, campaign_id)
    if at_once or campaign.audience_count <= AT_ONCE:
        return _reckoned(snapshot, campaign, now)
    return _kept(campaign, readings.results(snapshot, campaign_id))


def _reckoned(snapshot: Snapshot, campaign: Campaign, now: datetime) -> Course:
    found = measuring.results(snapshot, campaign.campaign_id, now)
    days = over_time.over_time(snapshot, campaign.campaign_id, now)
    marks = [mark for day in days for mark in _marks(day.end, day.results)]
    return Course(
        campaign=campaign, until=days[-1].end if days else None, kept=False, primary=_primary(campaign),
        marks=tuple(marks), decisions={ALL_ARMS: found.decision, **{arm.name: arm.decision for arm in found.arms}},
        sample_ratio=found.results.sample_ratio, exclusions=found.exclusions,
        discounts={arm.name: arm.discount_minor for arm in found.arms},
    )  # fmt: skip


def _kept(campaign: Campaign, found: Sequence[ResultReading]) -> Course:
    marks = tuple(Mark.of_reading(each) for each in found)
    until = max((mark.time for mark in marks), default=None)
    newest = [each for each in found if until is not None and each.day == until.date()]
    sizes = {each.arm: each.customers for each in newest if each.arm != ALL_ARMS}
    sizes[HOLDOUT] = next((each.holdout_customers for each in newest), 0)
    return Course(
        campaign=campaign, until=until, kept=True, primary=_primary(campaign), marks=marks,
        decisions={each.arm: _standing(campaign, Verdict(each.verdict)) for each in newest},
        sample_ratio=check_ratio(sizes, campaign.plan.design.shares) if newest else None, exclusions={}, discounts={},
    )  # fmt: skip


def _standing(campaign: Campaign, kept: Verdict) -> Decision:
    """What was open at midnight stays so where the campaign ended since."""
    over = campaign.state is State.ENDED and kept is Verdict.KEEP_RUNNING
    return Decision(verdict=Verdict.INCONCLUSIVE if over else kept, reasons=())


def _marks(moment: datetime, found: Results) -> list[Mark]:
    arms = {ALL_ARMS: found.overall, **found.arms}
    return [Mark.of_effect(moment, arm, effect) for arm, effects in arms.items() for effect in effects.values()]


def _primary(campaign: Campaign) -> Metric:
    return Metric.REVENUE if campaign.plan.margin_percent is None else Metric.MARGIN


def _finite(lift: Interval | None) -> Interval | None:
    known = lift is not None and math.isfinite(lift.low) and math.isfinite(lift.high)
    return lift if known else None
