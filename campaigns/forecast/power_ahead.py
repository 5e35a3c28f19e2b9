"""How small an effect a plan could show while it is still being written: about, at once, for several holdouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from campaigns.audiences import audience, counting
from campaigns.experiments.power import Baseline, Criterion, DetectableEffect, detectable_effect, sizes_of
from campaigns.experiments.results import Metric
from campaigns.forecast.foretelling import days_left
from campaigns.forecast.outlook import baselines, countable, spans
from campaigns.terms.campaign import Campaign
from database import planner
from database.audiences.eligibility import Drawn
from database.forecast import prospects
from database.models import scores
from database.session import Snapshot

LOOKED_AT = 5_000
"""Customers from whom the audience is estimated."""
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """What a holdout of so many percent would make visible."""

    percent: int
    held_out: int
    smallest: Mapping[Metric, DetectableEffect]
    """In the smallest arm, with 80 % power; empty where a group would have nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerAhead:
    """What a plan could show."""

    customers: int
    """About so many in the audience, held-out ones among them."""
    sampled_share: float
    """Of all customers; at 1 the number is exact."""
    holdouts: tuple[Holdout, ...]


def power_ahead(snapshot: Snapshot, campaign: Campaign, now: datetime, *, percents: Sequence[int]) -> PowerAhead:
    """For the plan as it is given, saved or not; its rule is one that `segments.problems_of` accepts."""
    everybody = counting.about(snapshot, None).count
    share = min(1.0, LOOKED_AT / max(everybody, 1))
    targeting = replace(audience.targeting(campaign, now), limit=None)
    if share < 1:
        targeting = replace(targeting, drawn=Drawn(share, SEED, by_page=True))
        planner.by_index(snapshot)
    days = days_left(campaign, now)
    found = prospects.sums(snapshot, prospects.planned(targeting), spans=spans(days)) if targeting.ways else []
    reached = round(sum(each.count for each in found if each.exclusion is None) / share)
    customers = reached if campaign.plan.audience_limit is None else min(reached, campaign.plan.audience_limit)
    currency = scores.scored_currency(snapshot)
    usual = baselines(campaign.plan, countable(campaign.plan, found, currency), days)
    return PowerAhead(
        customers=customers, sampled_share=share,
        holdouts=tuple(_holdout(campaign, percent, customers, usual) for percent in percents),
    )  # fmt: skip


def _holdout(campaign: Campaign, percent: int, customers: int, usual: Mapping[Metric, Baseline]) -> Holdout:
    sizes = sizes_of(replace(campaign.plan, holdout_percent=percent).design, customers)
    smallest = min(sizes.values(), key=lambda each: each.arm)
    criterion = Criterion(arms=len(sizes))
    if min(smallest.arm, smallest.holdout) < 1:
        return Holdout(percent=percent, held_out=smallest.holdout, smallest={})
    effects = {metric: detectable_effect(baseline, smallest, criterion) for metric, baseline in usual.items()}
    return Holdout(percent=percent, held_out=smallest.holdout, smallest=effects)
