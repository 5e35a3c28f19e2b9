"""How small a difference a canary shows after how many days, by what customers did in as many days before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.experiments.power import Baseline, Criterion, DetectableEffect, Sizes, detectable_effect
from campaigns.experiments.refusals import InvalidExperiment
from campaigns.experiments.results import Metric
from campaigns.models.refusals import InvalidStage
from campaigns.models.stages import LARGEST_SHARE
from campaigns.results.canary import ALPHA, METRICS
from database.experiments import canary
from database.experiments.canary import Span
from database.models import scores
from database.models.canary_runs import CanaryRun
from database.session import Snapshot

DAYS = (7, 14, 30, 60, 90)
CRITERION = Criterion(alpha=ALPHA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """What a run of this length would find, four times of five."""

    days: int
    smallest: DetectableEffect
    """Of the mean of the canary's customers, without the help of a covariate."""


def durations(snapshot: Snapshot, share: float, now: datetime) -> dict[Metric, list[Duration]]:
    """For a canary of this share of the customers; the shortest first, and only lengths in which somebody bought.

    Raises InvalidStage for a share that no canary has, InvalidExperiment where a group would be empty.
    """
    if not 0 < share <= LARGEST_SHARE:
        raise InvalidStage(f"canary_share: above 0 and at most {LARGEST_SHARE}", field="canary_share")
    customers = scores.count_customers(snapshot)
    sizes = Sizes(arm=round(customers * share), holdout=customers - round(customers * share))
    if min(sizes.arm, sizes.holdout) < 1:
        raise InvalidExperiment(f"{customers} customers are too few for a canary of {share:.1%}", field="canary_share")
    found = canary.spans(snapshot, DAYS, until=now)
    return {metric: [_duration(span, metric, customers, sizes) for span in found if span.bought] for metric in METRICS}


def of_run(snapshot: Snapshot, run: CanaryRun, now: datetime) -> dict[Metric, list[Duration]]:
    """For a canary of this run's share; nothing as long as a group would be empty."""
    try:
        return durations(snapshot, run.share, now)
    except InvalidExperiment:
        return {}


def days_for(lift: float, found: Sequence[Duration]) -> int | None:
    """The shortest length that shows a lift, as a part of the mean; None where none of them does."""
    return next((each.days for each in found if 0 < (each.smallest.relative or 0) <= lift), None)


def _duration(span: Span, metric: Metric, customers: int, sizes: Sizes) -> Duration:
    total, squared = (span.bought, span.bought) if metric is Metric.CONVERSION else (span.paid, span.paid_squared)
    mean = total / customers
    spread = max(squared / customers - mean**2, 0.0) ** 0.5
    baseline = Baseline(mean=mean, standard_deviation=spread)
    return Duration(days=span.days, smallest=detectable_effect(baseline, sizes, CRITERION))
