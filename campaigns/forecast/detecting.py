"""What the results of a campaign could show, from the sizes of its groups and from how much customers differ. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from campaigns.experiments.assignment import HOLDOUT, Design
from campaigns.experiments.power import (
    Baseline,
    Criterion,
    DetectableEffect,
    customers_needed,
    detectable_effect,
    power_for,
    sizes_of,
)
from campaigns.experiments.results import Metric

LIFT = 0.05
"""That is asked about unless another is: a part of the mean without the campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """Of one metric of one arm, judged by the confidence sequence at the planned end, with 80 % power."""

    arm: str
    metric: Metric
    customers: int
    """To expect in the arm."""
    held_out: int
    """To expect in the holdout."""
    smallest: DetectableEffect
    chance: float
    """To find the lift that was asked about, if it is there."""
    needed: int
    """Customers of this arm and the holdout together, in this proportion, who would find it with 80 %."""


def sensitivities(
    design: Design, customers: int, baselines: Mapping[Metric, Baseline], *, lift: float
) -> tuple[Sensitivity, ...]:
    """For a lift above 0; arms that would be empty, or have an empty holdout, are left out."""
    sizes = sizes_of(design, customers)
    criterion = Criterion(arms=len(sizes))
    return tuple(
        Sensitivity(
            arm=arm, metric=metric, customers=size.arm, held_out=size.holdout,
            smallest=detectable_effect(baseline, size, criterion),
            chance=power_for(lift * baseline.mean, baseline, size, criterion),
            needed=customers_needed(
                lift * baseline.mean, baseline, criterion=criterion,
                holdout=design.shares[HOLDOUT] / (design.shares[HOLDOUT] + design.shares[arm]),
            ),
        )
        for arm, size in sizes.items()
        if min(size.arm, size.holdout) > 0
        for metric, baseline in baselines.items()
    )  # fmt: skip
