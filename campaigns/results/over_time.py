"""How the effect of a campaign stood at the end of each day, with the confidence sequence by then.

The sequence holds at all days together, so that one may stop at whichever day. The truth may move while a campaign
runs, so intervals of different days are not intersected. Days are those of the campaign's zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.experiments.moments import Moments
from campaigns.experiments.results import Metric, Plan, Results
from campaigns.experiments.results import results as compared
from campaigns.results import measuring
from database.experiments import daily_outcomes
from database.experiments.daily_outcomes import DayOutcome, Growth
from database.session import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What was known when a day was over."""

    end: datetime
    """Exclusive; of the last day the moment until which was counted."""
    results: Results


def over_time(snapshot: Snapshot, campaign_id: str, now: datetime) -> tuple[Day, ...]:
    """From the launch until now, at most to the end of the campaign's aftermath.

    Raises CampaignNotFound, CampaignNotLaunched, NothingToCompare where nobody is held out or a group is too small.
    """
    campaign, since = measuring.launched(snapshot, campaign_id)
    until = min(now, measuring.closed(campaign))
    ends = day_ends(since, until, campaign.plan.zone)
    if not ends:
        return ()
    groups = measuring.counted(snapshot, campaign, since, until)
    found = daily_outcomes.daily_outcomes(
        snapshot, campaign_id, currency=campaign.plan.currency, since=since, ends=ends,
        margin=measuring.margin(campaign),
    )  # fmt: skip
    plan = measuring.plan(snapshot, campaign, since, groups)
    return trajectory(measuring.sums(groups), found, ends, plan)


def day_ends(since: datetime, until: datetime, zone: str) -> list[datetime]:
    """Every midnight of the zone between the two, and `until`; none where nothing lies between them."""
    there = ZoneInfo(zone)
    midnight = since.astimezone(there).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    ends = []
    while since < until:
        midnight += timedelta(days=1)
        since = min(midnight.astimezone(until.tzinfo), until)
        ends.append(since)
    return ends


def trajectory(
    last: Mapping[str, Mapping[Metric, Moments]], days: Sequence[DayOutcome], ends: Sequence[datetime], plan: Plan
) -> tuple[Day, ...]:
    """From the sums of every group at the last day, of which the predictions count, and what each day added."""
    added = {(day.arm, day.day): day for day in days}
    standing = {
        arm: {metric: replace(sums, outcome=0.0, outcome_squared=0.0, product=0.0) for metric, sums in metrics.items()}
        for arm, metrics in last.items()
    }
    found = []
    for day, end in enumerate(ends):
        for arm, metrics in standing.items():
            if (arm, day) in added:
                standing[arm] = {metric: _grown(sums, _of(added[arm, day], metric)) for metric, sums in metrics.items()}
        found.append(Day(end=end, results=compared(standing, plan)))
    return tuple(found)


def _of(day: DayOutcome, metric: Metric) -> Growth:
    return {Metric.CONVERSION: day.bought, Metric.REVENUE: day.revenue, Metric.MARGIN: day.margin}[metric]


def _grown(sums: Moments, growth: Growth) -> Moments:
    return replace(
        sums, outcome=sums.outcome + growth.y, outcome_squared=sums.outcome_squared + growth.y_squared,
        product=sums.product + growth.xy,
    )  # fmt: skip
