"""How small an effect a campaign of this audience could show, and how large an audience an effect would take."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.audiences import audience
from campaigns.errors import InvalidExperiment
from campaigns.experiments.assignment import HOLDOUT
from campaigns.experiments.power import (
    Criterion,
    DetectableEffect,
    customers_needed,
    detectable_effect,
    power_for,
    sizes_of,
)
from campaigns.experiments.results import Metric
from campaigns.forecast.foretelling import days_left
from campaigns.forecast.outlook import horizon, outlook
from campaigns.life import launch
from database import prospects
from database.session import Snapshot


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


def sensitivity(snapshot: Snapshot, campaign_id: str, now: datetime, *, lift: float) -> tuple[Sensitivity, ...]:
    """For a `lift` that is a part of the mean without the campaign, from the audience as things stand.

    Raises CampaignNotFound, InvalidExperiment where the lift is nothing or a group would be empty.
    """
    if not lift > 0:
        raise InvalidExperiment("a lift is more than nothing, such as 0.05", field="lift")
    campaign = launch.get(snapshot, campaign_id)
    days = days_left(campaign, now)
    found = prospects.sums(snapshot, prospects.planned(audience.targeting(campaign, now)), horizon=horizon(days))
    baselines = outlook(campaign.plan, found, {}, days=days).baselines
    design = campaign.plan.design
    sizes = sizes_of(design, sum(each.count for each in found if each.exclusion is None))
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
        for metric, baseline in baselines.items()
    )  # fmt: skip
