"""Whether campaigns with several arms keep their promises: each judged on every day as their results would be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.simulated_campaigns import DAYS, Campaign
from campaigns.experiments.assignment import HOLDOUT
from campaigns.experiments.power import baseline_of_past
from campaigns.experiments.results import Effect, Metric, Plan, results

METRIC = Metric.REVENUE
"""What the statistics call it is all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyMisses:
    """Of many campaigns, the share that went wrong in any arm, and in each."""

    campaigns: int
    false_alarm_at_the_end: float
    """Any arm that changes nothing has a p-value, adjusted by Holm, below alpha."""
    false_alarm_any_day: float
    """The same of the always-valid p-values, looked at daily."""
    missed: Mapping[str, float]
    """Of each arm: its interval at the end leaves out the truth."""
    any_missed: float
    """At least one of these intervals does."""
    any_missed_any_day: float
    """At least one of the daily intervals of any arm's confidence sequence does."""
    found: Mapping[str, float]
    """Of each arm: its always-valid p-value is below alpha some day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One arm of one campaign."""

    changes_nothing: bool
    alarm_at_the_end: bool
    alarm_any_day: bool
    missed: bool
    missed_any_day: bool


def family_misses(campaigns: Iterable[Campaign], *, alpha: float) -> FamilyMisses:
    """The plan is fixed by the first campaign, as by a past one."""
    plan: Plan | None = None
    seen: list[dict[str, _Judged]] = []
    for campaign in campaigns:
        plan = plan or _plan(campaign, alpha)
        seen.append(_judged(campaign, plan))
    arms = list(seen[0])
    idle = [[one for one in family.values() if one.changes_nothing] for family in seen]
    return FamilyMisses(
        campaigns=len(seen),
        false_alarm_at_the_end=fmean(any(one.alarm_at_the_end for one in family) for family in idle),
        false_alarm_any_day=fmean(any(one.alarm_any_day for one in family) for family in idle),
        missed={arm: fmean(family[arm].missed for family in seen) for arm in arms},
        any_missed=fmean(any(one.missed for one in family.values()) for family in seen),
        any_missed_any_day=fmean(any(one.missed_any_day for one in family.values()) for family in seen),
        found={arm: fmean(family[arm].alarm_any_day for family in seen) for arm in arms},
    )


def _plan(campaign: Campaign, alpha: float) -> Plan:
    customers = sum(days[-1].count for days in campaign.groups.values())
    baseline = baseline_of_past(campaign.groups[HOLDOUT][-1])
    return Plan(design=campaign.design, customers=customers, baselines={METRIC: baseline}, primary=METRIC, alpha=alpha)


def _judged(campaign: Campaign, plan: Plan) -> dict[str, _Judged]:
    daily = [
        results({group: {METRIC: days[day]} for group, days in campaign.groups.items()}, plan).arms
        for day in range(DAYS)
    ]
    return {
        arm: _arm([float(true) for true in truth], [effects[arm][METRIC] for effects in daily], plan.alpha)
        for arm, truth in campaign.truth.items()
    }


def _arm(truth: Sequence[float], effects: Sequence[Effect], alpha: float) -> _Judged:
    return _Judged(
        changes_nothing=not any(truth),
        alarm_at_the_end=effects[-1].at_the_end.p_value < alpha,
        alarm_any_day=any(effect.any_time.p_value < alpha for effect in effects),
        missed=truth[-1] not in effects[-1].at_the_end.difference,
        missed_any_day=any(true not in effect.any_time.difference for true, effect in zip(truth, effects, strict=True)),
    )
