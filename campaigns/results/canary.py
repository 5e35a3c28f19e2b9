"""What came of the customers of a canary beside those of the active model: an experiment, for the hash drew them.

Everyone who was with one model all along is counted where the hash put them, whoever answered: a canary that failed
at a question left it to the active model. Whom a changed share took from one model to the other is not counted.
Outcomes count from the beginning of the run. The covariate is what the same customer did in the 90 days before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaigns.experiments.moments import Moments
from campaigns.experiments.multiplicity import shared_alpha
from campaigns.experiments.power import Baseline, Sizes
from campaigns.experiments.results import FEWEST_BUYERS, Effect, Metric, effects
from campaigns.experiments.sample_ratio import SampleRatio, check_ratio
from campaigns.models import canary_runs as runs
from database.experiments import canary
from database.experiments.canary import ACTIVE, CANARY, GroupOutcome
from database.models.canary_runs import CanaryRun
from database.session import Snapshot

METRICS = (Metric.CONVERSION, Metric.REVENUE)
ALPHA = shared_alpha(0.05, len(METRICS))
"""Of each metric: the intervals of both cover together."""


class Verdict(StrEnum):
    """What the figures say of the canary."""

    BETTER = "BETTER"
    WORSE = "WORSE"
    OPEN = "OPEN"
    """No difference is shown."""
    REPAIR = "REPAIR"
    """The groups cannot be compared: find out why before anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryResults:
    """What is known of a run so far."""

    run: CanaryRun
    until: datetime
    """Exclusive."""
    effects: Mapping[Metric, Effect]
    """The canary's customers against the active model's, who stand where an effect names the holdout.

    None as long as a group is too small to be compared.
    """
    sample_ratio: SampleRatio
    verdict: Verdict
    reason: str


def results(snapshot: Snapshot, model_id: str, now: datetime, *, number: int | None = None) -> CanaryResults:
    """Purchases and spend of both groups, per customer.

    Raises ModelNotFound, ModelNeverCanary.
    """
    return of_run(snapshot, runs.of_model(snapshot, model_id, number), now)


def of_run(snapshot: Snapshot, run: CanaryRun, until: datetime) -> CanaryResults:
    """Until a moment, and at most until the run ended."""
    until = until if run.end_time is None else min(until, run.end_time)
    groups = canary.outcomes(snapshot, run, until)
    shares = {CANARY: run.smallest_share, ACTIVE: 1 - run.largest_share}
    counts = {name: groups[name].customers if name in groups else 0 for name in shares}
    for name, count in counts.items():
        if count < 2:  # noqa: PLR2004 - a variance needs two
            reason = f"fewer than two customers were with the {name} model all along: there is nothing to compare yet"
            return CanaryResults(
                run=run, until=until, effects={}, sample_ratio=check_ratio(counts, shares), verdict=Verdict.OPEN,
                reason=reason,
            )  # fmt: skip
    return compared(run, until, groups[CANARY], groups[ACTIVE], shares)


def compared(
    run: CanaryRun, until: datetime, canary: GroupOutcome, active: GroupOutcome, shares: Mapping[str, float]
) -> CanaryResults:
    """Of two groups whose planned shares are given; pure."""
    ours, theirs = _moments(canary), _moments(active)
    baselines = {metric: _before(ours[metric] + theirs[metric]) for metric in METRICS}
    customers = canary.customers + active.customers
    arm = round(customers * shares[CANARY] / sum(shares.values()))
    found = effects(ours, theirs, baselines, Sizes(arm=arm, holdout=customers - arm), alpha=ALPHA)
    ratio = check_ratio({CANARY: canary.customers, ACTIVE: active.customers}, shares)
    verdict, reason = _judged(found, ratio)
    return CanaryResults(run=run, until=until, effects=found, sample_ratio=ratio, verdict=verdict, reason=reason)


def _judged(found: Mapping[Metric, Effect], ratio: SampleRatio) -> tuple[Verdict, str]:
    """By spend, at any time; by purchases where spend tells nothing."""
    if ratio.mismatch:
        return Verdict.REPAIR, ratio.sentence()
    conversion = found[Metric.CONVERSION]
    buyers = (
        round(conversion.mean * conversion.customers),
        round(conversion.holdout_mean * conversion.holdout_customers),
    )
    if min(buyers) < FEWEST_BUYERS:
        few = f"{buyers[0]} of the canary's and {buyers[1]} of the active model's customers bought"
        return Verdict.OPEN, f"{few}, and {FEWEST_BUYERS} are needed of each"
    for metric in (Metric.REVENUE, Metric.CONVERSION):
        span = found[metric].any_time.difference
        if span.low > 0 or span.high < 0:
            verdict = Verdict.BETTER if span.low > 0 else Verdict.WORSE
            return verdict, f"the interval of {metric.lower()} leaves out 0"
    return Verdict.OPEN, "no difference is shown"


def _moments(group: GroupOutcome) -> dict[Metric, Moments]:
    return {
        Metric.CONVERSION: Moments.of_product(group.customers, group.bought),
        Metric.REVENUE: Moments.of_product(group.customers, group.paid),
    }


def _before(both: Moments) -> Baseline:
    """From before the run, so that it does not depend on what the models did."""
    return Baseline(mean=both.covariate_mean, standard_deviation=both.covariate_variance**0.5 or 1.0)
