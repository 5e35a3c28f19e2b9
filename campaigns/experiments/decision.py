"""What to do about a running campaign, and why: a value that people and programs read alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from campaigns.experiments.reasons import Reason, Why
from campaigns.experiments.results import FEWEST_BUYERS, Effect, Looking, Metric, Plan, Reading, Results
from campaigns.experiments.sample_ratio import SampleRatio


class Verdict(StrEnum):
    """What the figures advise."""

    SHIP = "SHIP"
    """It works: do it again, and for the holdout too."""
    STOP = "STOP"
    """It does harm, or even at best is not worth its trouble."""
    KEEP_RUNNING = "KEEP_RUNNING"
    INCONCLUSIVE = "INCONCLUSIVE"
    """It is over, and what was seen could be chance: that nothing is shown does not say that there is nothing."""
    REPAIR = "REPAIR"
    """The groups cannot be compared: find out why before anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict with its reasons, the decisive one first."""

    verdict: Verdict
    reasons: tuple[Reason | SampleRatio, ...]
    """Each has its `sentence` in a language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What to do about a campaign."""

    overall: Decision
    """On all arms as one group."""
    arms: Mapping[str, Decision]


def decide(
    results: Results, plan: Plan, *, finished: bool, cut_short: bool = False, exclusions: tuple[SampleRatio, ...] = ()
) -> Decisions:
    """`finished` when it ran until the planned time was over; `cut_short` when it is over without that.

    Whoever ends a campaign may have looked before: then only what holds however often one looks is told.
    """
    broken = tuple(check for check in (results.sample_ratio, *exclusions) if check.mismatch)
    if broken:
        repair = Decision(verdict=Verdict.REPAIR, reasons=broken)
        return Decisions(overall=repair, arms=dict.fromkeys(results.arms, repair))

    def judged(effects: Mapping[Metric, Effect]) -> Decision:
        return _judged(
            effects[plan.primary], effects.get(Metric.CONVERSION), plan, finished=finished, cut_short=cut_short
        )

    arms = {arm: judged(effects) for arm, effects in results.arms.items()}
    return Decisions(overall=judged(results.overall), arms=arms)


def _judged(effect: Effect, conversion: Effect | None, plan: Plan, *, finished: bool, cut_short: bool) -> Decision:
    at_the_end = finished and plan.looking is Looking.AT_THE_END
    reading = effect.at_the_end if at_the_end else effect.any_time
    found = _finding(effect, reading, plan.currency)
    few = _few_buyers(conversion)
    span = reading.difference
    if few is not None:
        return _open(few, finished=finished, cut_short=cut_short)
    if span.high < 0:
        return Decision(verdict=Verdict.STOP, reasons=(Reason(why=Why.HARMS), found))
    if span.high < plan.worthwhile:
        little = Reason(why=Why.TOO_LITTLE, metric=effect.metric, value=plan.worthwhile, currency=plan.currency)
        return Decision(verdict=Verdict.STOP, reasons=(little, found))
    if span.low > 0 and (finished or cut_short or plan.looking is Looking.ANY_TIME):
        return Decision(verdict=Verdict.SHIP, reasons=(Reason(why=Why.WORKS), found))
    if span.low > 0:
        return Decision(verdict=Verdict.KEEP_RUNNING, reasons=(Reason(why=Why.EARLY), found))
    return _open(Reason(why=Why.NOTHING_SHOWN), found, finished=finished, cut_short=cut_short)


def _open(*reasons: Reason, finished: bool, cut_short: bool) -> Decision:
    """Nothing is shown."""
    if finished or cut_short:
        over = Reason(why=Why.TIME_OVER if finished else Why.CUT_SHORT)
        return Decision(verdict=Verdict.INCONCLUSIVE, reasons=(over, *reasons))
    return Decision(verdict=Verdict.KEEP_RUNNING, reasons=reasons)


def _few_buyers(conversion: Effect | None) -> Reason | None:
    if conversion is None:
        return None
    arm = round(conversion.mean * conversion.customers)
    holdout = round(conversion.holdout_mean * conversion.holdout_customers)
    if min(arm, holdout) >= FEWEST_BUYERS:
        return None
    return Reason(why=Why.FEW_BUYERS, arm=arm, holdout=holdout)


def _finding(effect: Effect, reading: Reading, currency: str) -> Reason:
    return Reason(
        why=Why.CHANGE, metric=effect.metric, value=effect.difference, interval=reading.difference,
        currency=currency,
    )  # fmt: skip
