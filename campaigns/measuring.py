"""What came of a campaign: those who got its offers against those who were held out, from the launch until now.

Everyone of the frozen audience is counted in the group that the hash gave them, whatever became of their coupon.
Results go on after the end of the campaign. What the discounts cost is counted, not estimated: the holdout has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns import launch
from campaigns.campaign import Campaign
from campaigns.errors import CampaignNotLaunched, InvalidExperiment
from campaigns.experiments.decision import Decision, decide
from campaigns.experiments.moments import Moments
from campaigns.experiments.power import Baseline
from campaigns.experiments.results import Metric, Plan, Results
from campaigns.experiments.results import results as compared
from database import outcomes
from database.outcomes import GroupOutcome, Product, Spread
from database.session import Snapshot

PAST = timedelta(days=90)
"""Before the launch: how much outcomes differ between customers, which the plan of the comparison needs to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignResults:
    """What is known of a campaign so far."""

    campaign: Campaign
    since: datetime
    until: datetime
    """Exclusive."""
    discount_minor: int
    """What its coupons took off orders."""
    results: Results
    decision: Decision


def results(snapshot: Snapshot, campaign_id: str, now: datetime) -> CampaignResults:
    """Conversion and revenue of both groups, with the frozen score as covariate.

    Raises CampaignNotFound, CampaignNotLaunched, InvalidExperiment where nobody is held out or a group is too small.
    """
    campaign = launch.get(snapshot, campaign_id)
    since = campaign.launch_time
    if since is None:
        raise CampaignNotLaunched(f"{campaign.name} was not launched: there is nothing to see", campaign=campaign.name)
    if not campaign.held_out_count:
        raise InvalidExperiment(f"{campaign.name} held nobody out: there is nothing to compare with", field="holdout")
    currency = campaign.plan.currency
    groups = outcomes.outcomes(snapshot, campaign_id, currency=currency, since=since, until=now)
    past = outcomes.spreads(snapshot, campaign_id, currency=currency, since=since - PAST, until=since)
    plan = Plan(
        design=campaign.plan.design,
        customers=sum(group.count for group in groups.values()),
        baselines=_baselines(past, groups),
        primary=Metric.REVENUE,
    )
    found = compared({name: _moments(group) for name, group in groups.items()}, plan)
    finished = now >= campaign.plan.end_time
    return CampaignResults(
        campaign=campaign, since=since, until=now, results=found,
        discount_minor=sum(group.discount_minor for group in groups.values()),
        decision=decide(found, plan, finished=finished)[campaign.plan.design.arms[0].name],
    )  # fmt: skip


def _moments(group: GroupOutcome) -> dict[Metric, Moments]:
    return {
        Metric.CONVERSION: _sums(group.count, group.bought),
        Metric.REVENUE: _sums(group.count, group.revenue),
    }


def _sums(count: int, product: Product) -> Moments:
    return Moments(
        count=count, outcome=product.y, outcome_squared=product.y_squared, covariate=product.x,
        covariate_squared=product.x_squared, product=product.xy,
    )  # fmt: skip


def _baselines(past: tuple[Spread, Spread], groups: Mapping[str, GroupOutcome]) -> dict[Metric, Baseline]:
    """From before the launch, so that they do not depend on what the campaign did; the scores where nobody bought."""
    count = sum(group.count for group in groups.values())
    chance = sum(group.bought.x for group in groups.values()) / count
    spend = sum(group.revenue.x for group in groups.values()) / count
    bought, revenue = past
    return {
        Metric.CONVERSION: Baseline(
            mean=bought.mean, standard_deviation=bought.deviation or (chance * (1 - chance)) ** 0.5 or 1.0
        ),
        Metric.REVENUE: Baseline(mean=revenue.mean, standard_deviation=revenue.deviation or spend or 1.0),
    }
