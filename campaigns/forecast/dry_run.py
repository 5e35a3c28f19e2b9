"""A campaign before it is launched: whom it would reach and whom not, what it is expected to come to, and for example.

Nothing is written but a line in the audit log: that somebody asked, and what they were told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from campaigns import trail
from campaigns.actor import Cause
from campaigns.audiences import audience
from campaigns.audiences.eligibility import Exclusion
from campaigns.budgets.budget import Affordable
from campaigns.experiments.assignment import HOLDOUT
from campaigns.forecast import changing
from campaigns.forecast.changing import Change
from campaigns.forecast.costs import SAMPLE, Costs
from campaigns.forecast.detecting import LIFT
from campaigns.forecast.examples import Example, examples
from campaigns.forecast.foretelling import affordable_part, days_left, foretold
from campaigns.forecast.outlook import Outlook, spans
from campaigns.forecast.refusals import CampaignLaunched
from campaigns.life import campaigns, drafts
from campaigns.life.refusals import CampaignChanged
from campaigns.terms.campaign import Campaign
from campaigns.terms.refusals import InvalidCampaign
from campaigns.tiers.tiers import Tier
from database.audiences.eligibility import Drawn, Targeting
from database.coupons import own_codes
from database.coupons.own_codes import Waiting
from database.forecast import prospects
from database.forecast.prospects import Prospect, Prospects
from database.session import Snapshot, Transaction
from rules.sentence import Language

LOOKED_AT = 50_000
"""Customers among whom the sample is looked for first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """Customers who fall out at one step, after those of the steps before it."""

    reason: str
    """NO_TIER, TIER_WITHOUT_OFFER, RULE, or an exclusion of the audience."""
    count: int
    left: int
    """How many remain after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Customers of one tier who would be reached by one channel, held-out ones among them."""

    tier: Tier
    channel: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a launch at this moment would do."""

    campaign: Campaign
    time: datetime
    customers: int
    """All that are known."""
    falls: tuple[Fall, ...]
    reached: tuple[Reached, ...]
    groups: Mapping[str, float]
    """Customers to expect in the holdout and in each arm."""
    affordable: Affordable
    """What the budget bears of the audience, and what those coupons may cost."""
    outlook: Outlook
    """Of what the budget bears."""
    own_codes: Waiting
    """Codes that the shop brought along for it."""
    examples: tuple[Example, ...]
    change: Change | None
    """What the offer is expected to change, as a past campaign did; None where none has taught it yet."""

    @property
    def audience(self) -> int:
        """Customers who would be reached or held out."""
        return sum(each.count for each in self.reached)

    @property
    def over_budget(self) -> int:
        """About so many of them get no coupon and are in no group, because the budget does not bear it."""
        return self.costs.over_budget

    @property
    def costs(self) -> Costs:
        """Beside the budget."""
        return Costs(
            budget=self.campaign.plan.budget, audience=self.audience, affordable=self.affordable,
            expected=self.outlook.forecast.total.discounts,
        )  # fmt: skip

    @property
    def borne(self) -> int:
        """About so many of them are in a group, whose coupons the budget bears."""
        return self.audience - self.over_budget

    @property
    def own_codes_left(self) -> int:
        """About so many of the shop's own codes nobody would get: customers get theirs, or whichever is next."""
        part = self.affordable.drawn * (1 - self.campaign.plan.design.shares[HOLDOUT])
        given = part * self.own_codes.within
        rest = max(self.own_codes.unnamed - (part * self.audience - given), 0)
        return round(self.own_codes.named - given + rest)

    @property
    def most_minor(self) -> float | None:
        """The coupons cost no more, whatever their customers do; None where nothing bounds it."""
        budget = self.campaign.plan.budget
        bounds = (self.affordable.liability.most_minor, None if budget is None else float(budget.limit_minor))
        return min((bound for bound in bounds if bound is not None), default=None)


def preview(
    transaction: Transaction, cause: Cause, campaign_id: str, *, size: int, seed: int = 0, etag: str | None = None,
    lift: float = LIFT, language: Language = Language.ENGLISH,
) -> Preview:  # fmt: skip
    """Counts are exact; up to `size` examples are drawn by `seed` and told in `language`.

    `lift` is an effect that results may have to show.

    Raises CampaignNotFound, CampaignChanged, CampaignLaunched, InvalidCampaign without offers or where the rule cannot
    be answered.
    """
    campaign = campaigns.get(transaction, campaign_id)
    CampaignChanged.check(campaign.name, etag, campaign.etag)
    if campaign.launch_time is not None:
        raise CampaignLaunched(
            f"{campaign.name} was launched at {campaign.launch_time.isoformat()}: its results say what it did",
            campaign=campaign.name, launch_time=campaign.launch_time.isoformat(),
        )  # fmt: skip
    if not campaign.plan.offers:
        raise InvalidCampaign("without an offer for a tier nobody is reached", field="offers")
    drafts.check_rule(transaction, campaign.plan)
    shown = _shown(transaction, campaign, cause.now, size=size, seed=seed, lift=lift, language=language)
    total = shown.outlook.forecast.total
    trail.tried(
        transaction, cause, "campaigns.preview", campaign.name,
        after={
            "etag": campaign.etag, "audience": shown.audience, "redemptions": round(total.redemptions.value),
            "cost_minor": round(total.discounts.value), "revenue_minor": round(total.revenue.value),
        },
    )  # fmt: skip
    return shown


def _shown(
    snapshot: Snapshot, campaign: Campaign, now: datetime, *, size: int, seed: int, lift: float, language: Language
) -> Preview:
    targeting, days = audience.targeting(campaign, now), days_left(campaign, now)
    members = prospects.planned(targeting)
    found = prospects.sums(snapshot, members, spans=spans(days))
    sizes = prospects.tier_sizes(snapshot)
    drawn = _drawn(snapshot, targeting, sum(sizes.values()), seed=seed)
    reached = _reached(found)
    part = affordable_part(snapshot, campaign, found, now)
    count, shares = part.drawn * sum(each.count for each in reached), campaign.plan.design.shares
    borne = [each.share(part.drawn) for each in found]
    return Preview(
        campaign=campaign, time=now, customers=sum(sizes.values()), falls=_falls(campaign, sizes, found),
        reached=reached, groups={group: share * count for group, share in shares.items()},
        affordable=part, outlook=foretold(snapshot, campaign, borne, drawn, days=days, lift=lift),
        examples=examples(snapshot, campaign, drawn, size=size, language=language),
        change=changing.expected(
            snapshot, [each.customer_id for each in drawn], customers=round(count * (1 - shares[HOLDOUT]))
        ),
        own_codes=own_codes.waiting(snapshot, campaign.campaign_id, members),
    )  # fmt: skip


def _drawn(snapshot: Snapshot, targeting: Targeting, customers: int, *, seed: int) -> list[Prospect]:
    """Out of so many customers that the sample should be full; out of all where it is not.

    An audience with a limit is cut off by what all its customers are expected to spend, so all are looked at.
    """
    share = LOOKED_AT / max(customers, 1)
    if share < 1 and targeting.limit is None:
        some = replace(targeting, drawn=Drawn(share, seed))
        found = prospects.drawn(snapshot, prospects.planned(some), size=SAMPLE, seed=seed)
        if len(found) == SAMPLE:
            return found
    return prospects.drawn(snapshot, prospects.planned(targeting), size=SAMPLE, seed=seed)


def _reached(found: Sequence[Prospects]) -> tuple[Reached, ...]:
    reached = [each for each in found if each.exclusion is None and each.channel is not None]
    ordered = sorted(reached, key=lambda each: (list(Tier).index(Tier(each.tier)), each.channel))
    return tuple(Reached(tier=Tier(each.tier), channel=str(each.channel), count=each.count) for each in ordered)


def _falls(campaign: Campaign, sizes: Mapping[str | None, int], found: Sequence[Prospects]) -> tuple[Fall, ...]:
    """Step by step, from all customers to the audience; steps that took out nobody stand there too."""
    offered = {offer.tier.value for offer in campaign.plan.offers}
    fitting = sum(sizes.get(tier, 0) for tier in offered)
    fallen: dict[str, int] = {
        "NO_TIER": sizes.get(None, 0),
        "TIER_WITHOUT_OFFER": sum(size for tier, size in sizes.items() if tier is not None and tier not in offered),
    }
    if campaign.plan.rule is not None:
        fallen["RULE"] = max(fitting - sum(each.count for each in found), 0)
    for exclusion in Exclusion:
        count = sum(each.count for each in found if each.exclusion == exclusion)
        if exclusion not in fallen and (count or exclusion is Exclusion.NO_CONSENT):
            fallen[exclusion] = count
    left, falls = sum(sizes.values()), []
    for reason, count in fallen.items():
        left -= count
        falls.append(Fall(reason=reason, count=count, left=left))
    return tuple(falls)
