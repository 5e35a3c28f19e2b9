"""What came of a campaign: each arm against the holdout, and all arms together, for every metric.

Everyone who was divided at the launch and took part is counted, whatever happened to their message. The figures come
as sums (`Moments`), so this floor needs no rows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from campaigns.experiments.assignment import HOLDOUT, Design, check_design
from campaigns.experiments.effect import (
    Estimate,
    Interval,
    compare,
    difference_interval,
    fixed_critical_value,
    fixed_p_value,
    lift_interval,
)
from campaigns.experiments.moments import Moments, together
from campaigns.experiments.multiplicity import holm, shared_alpha
from campaigns.experiments.power import Baseline, Sizes, sizes_of
from campaigns.experiments.refusals import InvalidExperiment, NothingToCompare
from campaigns.experiments.sample_ratio import SampleRatio, check_ratio
from campaigns.experiments.sequential import always_valid_p_value, boundary, critical_value, final_time, intrinsic_time
from events.currency import NO_CURRENCY

FEWEST_BUYERS = 25
"""In each group. With fewer, means are not normal yet: an interval of 95 % leaves out the truth in up to a fifth of the
campaigns, and the confidence sequence in more than its 5 %. So nothing is said of how sure one is."""


class Metric(StrEnum):
    """What is compared, per customer of the group, from the launch on; money in minor units."""

    CONVERSION = "CONVERSION"
    """1 for a customer who bought, else 0. Covariate: purchase probability."""
    REVENUE = "REVENUE"
    """What was paid: discounts and returns are off. Covariate: expected spend, as for those below."""
    MARGIN = "MARGIN"
    """Revenue less what the goods cost and less sending; discounts are off already."""
    COST = "COST"
    """Discounts given and sending: zero in the holdout, and part of margin already."""


class Looking(StrEnum):
    """When a campaign is judged; decided before the launch."""

    ANY_TIME = "ANY_TIME"
    """Any day, by the confidence sequence."""
    AT_THE_END = "AT_THE_END"
    """Once, by Welch's interval, which is narrower; before that only harm stops the campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was fixed before the launch."""

    design: Design
    customers: int
    """Who take part, held out or not."""
    baselines: Mapping[Metric, Baseline]
    """Of every metric that is reported: tells the confidence sequence where to be narrowest."""
    primary: Metric = Metric.MARGIN
    """The metric that decides."""
    alpha: float = 0.05
    looking: Looking = Looking.ANY_TIME
    currency: str = NO_CURRENCY
    """Of money, for who is told."""
    worthwhile: float = 0.0
    """Smallest effect per customer on the primary metric for which the campaign would be repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How sure one is; intervals of several arms cover together, p-values are adjusted by Holm.

    Infinite intervals and a p-value of 1 where fewer than `FEWEST_BUYERS` bought in a group.
    """

    difference: Interval
    """Per customer."""
    lift: Interval | None
    """As a part of the holdout's mean; None if that is too close to zero."""
    total: Interval
    """Over all customers of the arm."""
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One metric of one arm, or of all arms, against the holdout."""

    metric: Metric
    customers: int
    holdout_customers: int
    mean: float
    """As it was, not adjusted for the prediction; so is the holdout's."""
    holdout_mean: float
    difference: float
    """Arm minus holdout per customer, adjusted for the prediction."""
    lift: float | None
    total: float
    """What would not have happened without the campaign: the difference times the customers of the arm."""
    variance_left: float
    """What the prediction left of the variance: 0.6 is worth 1 / 0.6 times the customers."""
    any_time: Reading
    at_the_end: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that is known of an experiment so far."""

    overall: Mapping[Metric, Effect]
    """All arms as one group."""
    arms: Mapping[str, Mapping[Metric, Effect]]
    sample_ratio: SampleRatio
    rivals: Mapping[str, Mapping[Metric, Effect]]
    """Each further arm against the first, which stands in the place of the holdout; empty with one arm."""


Sums = Mapping[str, Mapping[Metric, Moments]]
"""Of every group and every metric of the plan."""


def check_experiment(plan: Plan) -> None:
    """Raises InvalidExperiment for the first field that makes no sense."""
    check_design(plan.design)
    constant = [metric for metric, baseline in plan.baselines.items() if not baseline.unexplained_deviation > 0]
    problems = {
        "customers": "an experiment needs customers" * (plan.customers < 1),
        "baselines": f"{', '.join(constant).lower()} needs a standard deviation above 0, from a past window"
        * bool(constant),
        "primary": f"{plan.primary.lower()} decides and has no baseline" * (plan.primary not in plan.baselines),
        "alpha": "alpha lies between 0 and 1" * (not 0 < plan.alpha < 1),
    }
    for field, problem in problems.items():
        if problem:
            raise InvalidExperiment(problem, field=field)


def results(sums: Sums, plan: Plan) -> Results:
    """Raises InvalidExperiment if the plan makes no sense, NothingToCompare if a group is missing or too small."""
    check_experiment(plan)
    missing = [group for group in plan.design.groups if group not in sums]
    if missing:
        raise NothingToCompare(f"there are no outcomes of {', '.join(missing)}")
    _check_sizes(sums, plan)
    sizes = sizes_of(plan.design, plan.customers)
    arms = {arm: _effects(sums[arm], sums[HOLDOUT], plan, planned, arms=len(sizes)) for arm, planned in sizes.items()}
    everyone = {metric: together(sums[arm][metric] for arm in sizes) for metric in plan.baselines}
    planned = Sizes(arm=sum(size.arm for size in sizes.values()), holdout=next(iter(sizes.values())).holdout)
    counts = {group: sums[group][plan.primary].count for group in plan.design.groups}
    return Results(
        overall=_effects(everyone, sums[HOLDOUT], plan, planned, arms=1),
        arms=_adjusted(arms, plan),
        sample_ratio=check_ratio(counts, plan.design.shares),
        rivals=_rivals(sums, plan, sizes),
    )


def _rivals(sums: Sums, plan: Plan, sizes: Mapping[str, Sizes]) -> dict[str, dict[Metric, Effect]]:
    """Comparisons among the arms are a question of their own: their intervals cover together."""
    first, *others = sizes
    planned = {arm: Sizes(arm=sizes[arm].arm, holdout=sizes[first].arm) for arm in others}
    found = {arm: _effects(sums[arm], sums[first], plan, planned[arm], arms=len(others)) for arm in others}
    return _adjusted(found, plan)


def _check_sizes(sums: Sums, plan: Plan) -> None:
    for group in plan.design.groups:
        for metric in plan.baselines:
            if metric not in sums[group] or sums[group][metric].count < 2:  # noqa: PLR2004 - a variance needs two
                raise NothingToCompare(
                    f"{metric.lower()} of {group} is known of fewer than two customers, which cannot be compared"
                )


def effects(
    arm: Mapping[Metric, Moments], holdout: Mapping[Metric, Moments], baselines: Mapping[Metric, Baseline],
    planned: Sizes, *, alpha: float,
) -> dict[Metric, Effect]:  # fmt: skip
    """Of one group against another; each has at least two customers, and `planned` says how many were expected."""
    found = {metric: compare(arm[metric], holdout[metric]) for metric in baselines}
    if Metric.CONVERSION in found and min(each[Metric.CONVERSION].outcome for each in (arm, holdout)) < FEWEST_BUYERS:
        found = {metric: replace(estimate, arm_error=math.inf) for metric, estimate in found.items()}
    return {
        metric: _effect(
            metric, arm[metric], holdout[metric], found[metric], planned=planned, baseline=baseline, alpha=alpha
        )
        for metric, baseline in baselines.items()
    }


def _effects(
    arm: Mapping[Metric, Moments], holdout: Mapping[Metric, Moments], plan: Plan, planned: Sizes, *, arms: int
) -> dict[Metric, Effect]:
    return effects(arm, holdout, plan.baselines, planned, alpha=shared_alpha(plan.alpha, arms))


def _effect(
    metric: Metric, arm: Moments, holdout: Moments, estimate: Estimate, *, planned: Sizes, baseline: Baseline,
    alpha: float,
) -> Effect:  # fmt: skip
    limit = boundary(
        alpha,
        final_time=final_time(
            arm=max(planned.arm, 1),
            holdout=max(planned.holdout, 1),
            standard_deviation=baseline.unexplained_deviation,
        ),
    )
    always = critical_value(limit, intrinsic_time(estimate))
    return Effect(
        metric=metric,
        customers=arm.count,
        holdout_customers=holdout.count,
        mean=arm.mean,
        holdout_mean=holdout.mean,
        difference=estimate.difference,
        lift=estimate.lift,
        total=estimate.difference * arm.count,
        variance_left=estimate.variance_left,
        any_time=_reading(estimate, always, arm.count, p_value=always_valid_p_value(limit, estimate)),
        at_the_end=_reading(
            estimate, fixed_critical_value(estimate, alpha), arm.count, p_value=fixed_p_value(estimate)
        ),
    )


def _reading(estimate: Estimate, critical: float, customers: int, *, p_value: float) -> Reading:
    difference = difference_interval(estimate, critical)
    return Reading(
        difference=difference,
        lift=lift_interval(estimate, critical),
        total=difference.times(customers),
        p_value=p_value,
    )


def _adjusted(arms: Mapping[str, Mapping[Metric, Effect]], plan: Plan) -> dict[str, dict[Metric, Effect]]:
    """The same effects with p-values that allow for the number of arms."""
    adjusted: dict[str, dict[Metric, Effect]] = {arm: {} for arm in arms}
    for metric in plan.baselines:
        early = holm({arm: effects[metric].any_time.p_value for arm, effects in arms.items()})
        late = holm({arm: effects[metric].at_the_end.p_value for arm, effects in arms.items()})
        for arm, effects in arms.items():
            effect = effects[metric]
            adjusted[arm][metric] = replace(
                effect,
                any_time=replace(effect.any_time, p_value=early[arm]),
                at_the_end=replace(effect.at_the_end, p_value=late[arm]),
            )
    return adjusted
