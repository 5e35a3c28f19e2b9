"""What came of a campaign: those who got its offers against those who were held out, from the launch until now.

Everyone of the frozen audience is counted in the group that the hash gave them, whatever became of their coupon.
Results go on after the end of the campaign. What the discounts cost is counted, not estimated: the holdout has none.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.errors import CampaignNotLaunched, InvalidExperiment
from campaigns.experiments.decision import Decision, decide
from campaigns.experiments.moments import Moments, together
from campaigns.experiments.power import Baseline
from campaigns.experiments.results import Effect, Metric, Plan, Results
from campaigns.experiments.results import results as compared
from campaigns.life import launch
from campaigns.terms.campaign import Campaign
from campaigns.terms.discount import WHOLE
from database import outcomes
from database.outcomes import GroupOutcome, Product, Spread
from database.session import Snapshot

PAST = timedelta(days=90)
"""Before the launch: how much outcomes differ between customers, which the plan of the comparison needs to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResults:
    """What is known of one arm so far."""

    name: str
    customers: int
    redeemed_count: int
    """Coupons that were used."""
    discount_minor: int
    """What they took off orders."""
    effects: Mapping[Metric, Effect]
    """Against the holdout."""
    against_first: Mapping[Metric, Effect]
    """Against the first arm; empty for that one."""
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignResults:
    """What is known of a campaign so far."""

    campaign: Campaign
    since: datetime
    until: datetime
    """Exclusive."""
    results: Results
    arms: tuple[ArmResults, ...]
    decision: Decision
    """On all arms as one group."""

    @property
    def redeemed_count(self) -> int:
        """Coupons that were used."""
        return sum(arm.redeemed_count for arm in self.arms)

    @property
    def discount_minor(self) -> int:
        """What they took off orders."""
        return sum(arm.discount_minor for arm in self.arms)


def results(snapshot: Snapshot, campaign_id: str, now: datetime) -> CampaignResults:
    """Conversion and revenue of every group, and margin where it is known, with the frozen score as covariate.

    Raises CampaignNotFound, CampaignNotLaunched, InvalidExperiment where nobody is held out or a group is too small.
    """
    campaign, since = _launched(snapshot, campaign_id)
    if not campaign.held_out_count:
        raise InvalidExperiment(f"{campaign.name} held nobody out: there is nothing to compare with", field="holdout")
    groups = counted(snapshot, campaign, since, now)
    plan = _plan(snapshot, campaign, since, groups)
    found = compared({arm: moments(parts) for arm, parts in _by_arm(groups).items()}, plan)
    decisions = decide(found, plan, finished=now >= campaign.plan.end_time)
    return CampaignResults(
        campaign=campaign, since=since, until=now, results=found, decision=decisions.overall,
        arms=tuple(_arm(name, groups, found, decisions.arms[name]) for name in found.arms),
    )  # fmt: skip


def counted(snapshot: Snapshot, campaign: Campaign, since: datetime, until: datetime) -> list[GroupOutcome]:
    """What each tier of each group did in a span of time."""
    plan = campaign.plan
    margin = WHOLE if plan.margin_percent is None else plan.margin_percent
    return outcomes.outcomes(
        snapshot, campaign.campaign_id, currency=plan.currency, since=since, until=until, margin=margin / WHOLE
    )


def moments(parts: Sequence[GroupOutcome]) -> dict[Metric, Moments]:
    """The sums of several tiers as of one group."""
    return {
        Metric.CONVERSION: together(_sums(part.count, part.bought) for part in parts),
        Metric.REVENUE: together(_sums(part.count, part.revenue) for part in parts),
        Metric.MARGIN: together(_sums(part.count, part.margin) for part in parts),
    }


def _launched(snapshot: Snapshot, campaign_id: str) -> tuple[Campaign, datetime]:
    campaign = launch.get(snapshot, campaign_id)
    if campaign.launch_time is None:
        raise CampaignNotLaunched(f"{campaign.name} was not launched: there is nothing to see", campaign=campaign.name)
    return campaign, campaign.launch_time


def _by_arm(groups: Sequence[GroupOutcome]) -> dict[str, list[GroupOutcome]]:
    found: dict[str, list[GroupOutcome]] = defaultdict(list)
    for group in groups:
        found[group.arm].append(group)
    return found


def _arm(name: str, groups: Sequence[GroupOutcome], found: Results, decision: Decision) -> ArmResults:
    parts = [group for group in groups if group.arm == name]
    return ArmResults(
        name=name, customers=sum(part.count for part in parts),
        redeemed_count=sum(part.redeemed_count for part in parts),
        discount_minor=sum(part.discount_minor for part in parts),
        effects=found.arms[name], against_first=found.rivals.get(name, {}), decision=decision,
    )  # fmt: skip


def _sums(count: int, product: Product) -> Moments:
    return Moments(
        count=count, outcome=product.y, outcome_squared=product.y_squared, covariate=product.x,
        covariate_squared=product.x_squared, product=product.xy,
    )  # fmt: skip


def _plan(snapshot: Snapshot, campaign: Campaign, since: datetime, groups: Sequence[GroupOutcome]) -> Plan:
    """Margin decides where it is known, else revenue."""
    past = outcomes.spreads(
        snapshot, campaign.campaign_id, currency=campaign.plan.currency, since=since - PAST, until=since
    )
    margin = campaign.plan.margin_percent
    return Plan(
        design=campaign.plan.design,
        customers=sum(group.count for group in groups),
        baselines=_baselines(past, groups, None if margin is None else margin / WHOLE),
        primary=Metric.REVENUE if margin is None else Metric.MARGIN,
    )


def _baselines(
    past: tuple[Spread, Spread], groups: Sequence[GroupOutcome], margin: float | None
) -> dict[Metric, Baseline]:
    """From before the launch, so that they do not depend on what the campaign did; the scores where nobody bought."""
    count = sum(group.count for group in groups)
    chance = sum(group.bought.x for group in groups) / count
    spend = sum(group.revenue.x for group in groups) / count
    bought, revenue = past
    spread = revenue.deviation or spend or 1.0
    found = {
        Metric.CONVERSION: Baseline(
            mean=bought.mean, standard_deviation=bought.deviation or (chance * (1 - chance)) ** 0.5 or 1.0
        ),
        Metric.REVENUE: Baseline(mean=revenue.mean, standard_deviation=spread),
    }
    if margin is not None:
        found[Metric.MARGIN] = Baseline(mean=revenue.mean * margin, standard_deviation=spread * margin)
    return found
