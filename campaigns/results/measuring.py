"""What came of a campaign: those who got its offers against those who were held out, from the launch until now.

Everyone of the frozen audience is counted in the group that the hash gave them, whatever became of their coupon, unless
they were erased.
Results go on after the end of the campaign. What the discounts cost is counted, not estimated: the holdout has none.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaigns.experiments.assignment import starts
from campaigns.experiments.decision import Decision, decide
from campaigns.experiments.moments import Moments, together
from campaigns.experiments.power import Baseline, baselines_of_scores, revenue_baseline
from campaigns.experiments.refusals import NothingToCompare
from campaigns.experiments.results import Effect, Metric, Plan, Results
from campaigns.experiments.results import results as compared
from campaigns.experiments.sample_ratio import ERASED, SampleRatio, check_exclusions
from campaigns.life import campaigns, versions
from campaigns.life.refusals import CampaignNotLaunched
from campaigns.terms.campaign import Campaign, State
from campaigns.terms.discount import WHOLE
from database.audiences import exclusions
from database.experiments import outcomes
from database.experiments.assignment import Groups
from database.experiments.outcomes import GroupOutcome, Spread
from database.models import scores
from database.session import Snapshot

PAST = timedelta(days=365)
"""Before the launch: how much revenue differs between customers, which the plan of the comparison needs to know. Who is
to be won back bought nothing for months."""
FORETOLD = timedelta(days=90)
"""By the scores that are frozen with the audience."""
ATTRIBUTION = timedelta(days=7)
"""After the end, in which what customers do is still the campaign's: returns, and the orders that it only brought
forward."""
AFTERMATH = ATTRIBUTION + timedelta(days=1)
"""After the end, until all of that is known: files with the last day's orders come later."""


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
    exclusions: Mapping[str, SampleRatio]
    """Whether each reason kept as many customers of every group out of the audience as its share says; so too whoever
    was erased since."""
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

    They stand still once all that is the campaign's is over.

    Raises CampaignNotFound, CampaignNotLaunched, NothingToCompare where nobody is held out or a group is too small.
    """
    campaign, since = launched(snapshot, campaign_id)
    until = min(now, closed(campaign))
    groups = counted(snapshot, campaign, since, until)
    fixed = plan(snapshot, campaign, since, groups)
    found = compared(sums(groups), fixed)
    kept_out = _exclusions(snapshot, campaign, groups)
    cut_short = campaign.state is State.ENDED and not campaign.ran_to_its_end
    finished = not cut_short and now >= campaign.plan.end_time
    decisions = decide(found, fixed, finished=finished, cut_short=cut_short, exclusions=tuple(kept_out.values()))
    return CampaignResults(
        campaign=campaign, since=since, until=until, results=found, exclusions=kept_out, decision=decisions.overall,
        arms=tuple(_arm(name, groups, found, decisions.arms[name]) for name in found.arms),
    )  # fmt: skip


def closed(campaign: Campaign) -> datetime:
    """From then on nothing that customers do is the campaign's."""
    return campaign.over_time + ATTRIBUTION


def planned_end(snapshot: Snapshot, campaign: Campaign) -> datetime:
    """The end when its audience was frozen, for which comparison and forecast were made; it may have been moved since.

    Who moves it may have looked at the results.
    """
    if campaign.frozen_version in (None, campaign.version):
        return campaign.plan.end_time
    return versions.get(snapshot, campaign.campaign_id, campaign.frozen_version).plan.end_time


def launched(snapshot: Snapshot, campaign_id: str) -> tuple[Campaign, datetime]:
    """A campaign whose results can be told, and when its audience was frozen.

    Raises CampaignNotFound, CampaignNotLaunched, NothingToCompare where nobody is held out.
    """
    campaign = campaigns.get(snapshot, campaign_id)
    if campaign.launch_time is None:
        raise CampaignNotLaunched(f"{campaign.name} was not launched: there is nothing to see", campaign=campaign.name)
    if not campaign.held_out_count:
        raise NothingToCompare(
            f"{campaign.name} held nobody out, so there is nothing to compare with; plan the next one with a holdout",
            campaign=campaign.name,
        )
    return campaign, campaign.launch_time


def counted(snapshot: Snapshot, campaign: Campaign, since: datetime, until: datetime) -> list[GroupOutcome]:
    """What each tier of each group did in a span of time."""
    return outcomes.outcomes(
        snapshot, campaign.campaign_id, currency=campaign.plan.currency, since=since, until=until,
        margin=margin(campaign),
    )  # fmt: skip


def margin(campaign: Campaign) -> float:
    """The part of a price that is left after the goods; all of it where nobody knows."""
    percent = campaign.plan.margin_percent
    return 1.0 if percent is None else percent / WHOLE


def sums(groups: Sequence[GroupOutcome]) -> dict[str, dict[Metric, Moments]]:
    """Of the holdout and of each arm, all tiers together."""
    parts: dict[str, list[GroupOutcome]] = defaultdict(list)
    for group in groups:
        parts[group.arm].append(group)
    return {arm: moments(of_arm) for arm, of_arm in parts.items()}


def moments(parts: Sequence[GroupOutcome]) -> dict[Metric, Moments]:
    """The sums of several tiers as of one group."""
    return {
        Metric.CONVERSION: together(Moments.of_product(part.count, part.bought) for part in parts),
        Metric.REVENUE: together(Moments.of_product(part.count, part.revenue) for part in parts),
        Metric.MARGIN: together(Moments.of_product(part.count, part.margin) for part in parts),
    }


def _exclusions(snapshot: Snapshot, campaign: Campaign, groups: Sequence[GroupOutcome]) -> dict[str, SampleRatio]:
    """Customers were kept out before they were drawn: their hash says which group would have had them.

    Who was erased left the group that they were in; an offer that makes more of them leave is seen here.
    """
    design = campaign.plan.design
    counts = dict(exclusions.by_group(snapshot, campaign.campaign_id, Groups(design.groups, starts(design))))
    erased = {arm: sum(each.erased_count for each in groups if each.arm == arm) for arm in design.groups}
    if any(erased.values()):
        counts[ERASED] = erased
    return dict(zip(counts, check_exclusions(counts, design.shares), strict=True))


def _arm(name: str, groups: Sequence[GroupOutcome], found: Results, decision: Decision) -> ArmResults:
    parts = [group for group in groups if group.arm == name]
    return ArmResults(
        name=name, customers=sum(part.count for part in parts),
        redeemed_count=sum(part.redeemed_count for part in parts),
        discount_minor=sum(part.discount_minor for part in parts),
        effects=found.arms[name], against_first=found.rivals.get(name, {}), decision=decision,
    )  # fmt: skip


def plan(snapshot: Snapshot, campaign: Campaign, since: datetime, groups: Sequence[GroupOutcome]) -> Plan:
    """What is fixed by the launch and before. Margin decides where it is known, else revenue."""
    past = outcomes.spread(
        snapshot, campaign.campaign_id, currency=campaign.plan.currency, since=since - PAST, until=since
    )
    foreign = scores.scored_currency(snapshot) not in (None, campaign.plan.currency)
    return Plan(
        design=campaign.plan.design,
        customers=sum(group.count for group in groups),
        baselines=_baselines(
            campaign, planned_end(snapshot, campaign) + ATTRIBUTION - since, groups, past, since, foreign=foreign
        ),
        primary=Metric.REVENUE if campaign.plan.margin_percent is None else Metric.MARGIN,
        currency=campaign.plan.currency,
    )


def _baselines(
    campaign: Campaign, time: timedelta, groups: Sequence[GroupOutcome], past: Spread, since: datetime, *,
    foreign: bool,
) -> dict[Metric, Baseline]:  # fmt: skip
    """Of the time that was to be counted, from before the launch, so that they do not depend on what the campaign did.

    A past that is shorter is taken as it is: customers of yesterday do not go on ordering as often as since then. Spend
    that the scores expect in `foreign` money counts as nothing.
    """
    count = max(1, sum(group.count for group in groups))
    chance = sum(group.bought.x for group in groups) / count
    spend = 0.0 if foreign else sum(group.revenue.x for group in groups) / count
    bought, scored = baselines_of_scores(chance, spend, part=time / FORETOLD)
    usual = 0.0 if past.earliest is None else min(time / (since - past.earliest), 1.0)
    revenue = revenue_baseline(Baseline(mean=past.mean, standard_deviation=past.deviation), scored, part=usual)
    spread = revenue.standard_deviation or 1.0
    found = {
        Metric.CONVERSION: replace(bought, standard_deviation=bought.standard_deviation or 1.0),
        Metric.REVENUE: replace(revenue, standard_deviation=spread),
    }
    if campaign.plan.margin_percent is not None:
        left = margin(campaign)
        found[Metric.MARGIN] = Baseline(mean=revenue.mean * left, standard_deviation=spread * left)
    return found
