"""Use cases on budgets: how many customers a launch may reach for its money, and how a campaign stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.budgets import exposures
from campaigns.budgets.budget import affordable
from campaigns.budgets.liability import UNTRIED, Group, Liability, liability, rate
from campaigns.life import campaigns
from campaigns.terms.campaign import Campaign, State
from database.audit import log
from database.budgets import shards
from database.budgets.ledger import Amounts
from database.coupons import exposure
from database.coupons.exposure import Exposed
from database.session import Snapshot, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """Coupons that are issued, and neither used nor held."""

    group: Group
    rate: float
    """The probability that one of them is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStanding:
    """What a campaign may use, and has."""

    campaign: Campaign
    used: Amounts
    """Reserved and spent, each apart."""
    committed: tuple[Committed, ...]
    liability: Liability
    """Of what is committed."""
    overspend: float | None
    """The probability that they cost more than is left; None without a budget."""
    refusals: Mapping[str, int]
    """Reason to how many attempts were refused."""


def narrow(transaction: Transaction, campaign: Campaign, now: datetime) -> int:
    """Leave customers out of a frozen audience until its coupons stay within the budget; how many are left out.

    Held-out customers go as the others do, so that the groups remain comparable. What is left is counted and judged
    anew until it fits, or all who are left have a code.
    """
    if campaign.plan.budget is None:
        return 0
    known = exposures.known(transaction, now)
    share, count = 1.0, 0
    while True:
        issued = exposure.to_issue(transaction, campaign.campaign_id)
        groups = exposures.groups_of(transaction, campaign.plan, issued)
        found = affordable(campaign.plan.budget, groups, known, redemptions=campaign.plan.redemption_limit)
        if found.share == 1.0 or not exposure.may_leave_out(transaction, campaign.campaign_id):
            return count
        share *= found.drawn
        count += exposure.leave_out(transaction, campaign.campaign_id, share=share)


def standing(snapshot: Snapshot, campaign_id: str, now: datetime) -> BudgetStanding:
    """A campaign's limits, and what is reserved, committed and spent of them. Raises CampaignNotFound."""
    campaign = campaigns.get(snapshot, campaign_id)
    exposed = [] if _over(campaign, now) else exposure.outstanding(snapshot, campaign_id, now)
    return _standing(snapshot, campaign, exposed, now)


def standing_at_once(snapshot: Snapshot, campaign: Campaign, now: datetime) -> BudgetStanding | None:
    """The same, within the time of a page; None where each of its coupons would have to be looked at."""
    exposed = [] if _over(campaign, now) else exposure.counted(snapshot, campaign.campaign_id, now)
    return None if exposed is None else _standing(snapshot, campaign, exposed, now)


def _over(campaign: Campaign, now: datetime) -> bool:
    return campaign.state is State.ENDED or now >= campaign.plan.end_time


def _standing(snapshot: Snapshot, campaign: Campaign, exposed: Sequence[Exposed], now: datetime) -> BudgetStanding:
    used = shards.usage(snapshot, campaign.campaign_id, now)
    groups, known = exposures.groups_of(snapshot, campaign.plan, exposed), exposures.known(snapshot, now)
    limit = campaign.plan.redemption_limit
    left = None if limit is None else limit - used.used_count
    owed = liability(groups, known, redemptions=left)
    budget = campaign.plan.budget
    return BudgetStanding(
        campaign=campaign, used=used, liability=owed,
        committed=tuple(
            Committed(group=group, rate=rate(group, known.get(group.tier, UNTRIED))[0]) for group in groups
        ),
        overspend=None if budget is None else owed.exceeds(budget.limit_minor - used.used_minor),
        refusals=log.denials(snapshot, campaign.name, actions=("coupons.reserve", "coupons.redeem")),
    )  # fmt: skip
