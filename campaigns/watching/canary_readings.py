"""A day's look at each canary, kept, as of the midnight at which the day begins (UTC)."""

from datetime import datetime, timedelta

from campaigns.results import canary as results
from campaigns.results.canary import CanaryResults
from campaigns.watching.readings import midnight
from database.models import canary_readings
from database.models.canary_readings import CanaryReading
from database.models.canary_runs import CanaryRun
from database.session import Snapshot, Transaction

LATE = timedelta(days=1)
"""For the last orders to come in."""


def due(snapshot: Snapshot, now: datetime) -> list[CanaryRun]:
    """Runs that nobody looked at today: open, or over for no longer than their last orders take to come in."""
    day = midnight(now)
    return canary_readings.due(snapshot, day.date(), ended_after=day - LATE)


def take(transaction: Transaction, run: CanaryRun, now: datetime) -> bool:
    """Look at a run and keep what is seen; False where a group is too small to be compared."""
    day = midnight(now)
    found = _readings(results.of_run(transaction, run, day), day)
    if found:
        canary_readings.keep(transaction, found)
    return bool(found)


def _readings(found: CanaryResults, day: datetime) -> list[CanaryReading]:
    return [
        CanaryReading(
            model_id=found.run.model_id, number=found.run.number, day=day.date(), metric=metric,
            customers=effect.customers, active_customers=effect.holdout_customers, mean=effect.mean,
            active_mean=effect.holdout_mean, difference=effect.difference, low=effect.any_time.difference.low,
            high=effect.any_time.difference.high, lift=effect.lift, p_value=effect.any_time.p_value,
            verdict=found.verdict,
        )
        for metric, effect in found.effects.items()
    ]  # fmt: skip
