"""A day's look at each launched campaign, kept: what its outstanding coupons may still cost, and what it has changed.

Results are those of the midnight at which the day begins (UTC), so that whoever looks later finds the same.
"""

import math
from datetime import UTC, date, datetime, time

from campaigns.coupons import budgeting
from campaigns.experiments.refusals import NothingToCompare
from campaigns.experiments.results import Effect
from campaigns.results import measuring
from campaigns.results.measuring import CampaignResults
from database.reporting import readings
from database.reporting.readings import LiabilityReading, ResultReading
from database.session import Snapshot, Transaction

ALL_ARMS = "ALL"
"""No arm is called so: names of arms are in lower case."""


def due(snapshot: Snapshot, now: datetime) -> list[str]:
    """Campaigns that nobody looked at today."""
    return readings.due(snapshot, midnight(now).date(), since=measuring.AFTERMATH, now=now)


def take(transaction: Transaction, campaign_id: str, now: datetime) -> bool:
    """Look at a campaign and keep what is seen; False when it was done before. Raises CampaignNotFound."""
    return readings.keep(
        transaction, _liability(transaction, campaign_id, now), _results(transaction, campaign_id, now)
    )


def midnight(now: datetime) -> datetime:
    """At which the day began, UTC."""
    return datetime.combine(now.astimezone(UTC).date(), time(), tzinfo=UTC)


def _liability(snapshot: Snapshot, campaign_id: str, now: datetime) -> LiabilityReading:
    found = budgeting.standing(snapshot, campaign_id, now)
    return LiabilityReading(
        campaign_id=campaign_id, day=midnight(now).date(), time=now,
        coupons=round(sum(each.group.coupons for each in found.committed)),
        expected_minor=found.liability.expected_minor, deviation_minor=found.liability.deviation_minor,
        most_minor=found.liability.most_minor, used_minor=found.used.used_minor, overspend=found.overspend,
    )  # fmt: skip


def _results(snapshot: Snapshot, campaign_id: str, now: datetime) -> list[ResultReading]:
    """Nothing where nothing can be compared: without a holdout, before the first midnight, in a group of one."""
    try:
        found = measuring.results(snapshot, campaign_id, midnight(now))
    except NothingToCompare:
        return []
    if found.until <= found.since:
        return []
    arms = [
        (ALL_ARMS, found.results.overall, found.decision),
        *((arm.name, arm.effects, arm.decision) for arm in found.arms),
    ]
    return [
        _reading(found, midnight(now).date(), arm, effect, decision.verdict)
        for arm, effects, decision in arms
        for effect in effects.values()
    ]


def _reading(found: CampaignResults, day: date, arm: str, effect: Effect, verdict: str) -> ResultReading:
    seen, lift = effect.any_time, effect.any_time.lift
    return ResultReading(
        campaign_id=found.campaign.campaign_id, day=day, arm=arm, metric=effect.metric.value,
        customers=effect.customers, holdout_customers=effect.holdout_customers, mean=effect.mean,
        holdout_mean=effect.holdout_mean, difference=effect.difference, low=seen.difference.low,
        high=seen.difference.high, lift=effect.lift, lift_low=None if lift is None else _finite(lift.low),
        lift_high=None if lift is None else _finite(lift.high), p_value=seen.p_value, verdict=verdict,
        mismatch=found.results.sample_ratio.mismatch,
    )  # fmt: skip


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
