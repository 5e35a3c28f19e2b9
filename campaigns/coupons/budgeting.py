"""Use cases on budgets: how many customers a launch may reach for its money, and how a campaign stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.budgets.budget import affordable
from campaigns.budgets.liability import UNTRIED, Group, Liability, PastTier, beliefs, liability, rate
from campaigns.experiments.calibration import Belief
from campaigns.life import launch
from campaigns.terms.campaign import Campaign, CampaignPlan, State
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent
from campaigns.terms.usual_saving import Prices, gifts, usual_saving
from database import audit, budgets, exposure, items
from database.exposure import Exposed
from database.ledger import Amounts
from database.session import Snapshot, Transaction

PAST_CAMPAIGNS = 10
"""The latest, from which it is learned how coupons are used."""
CAUTION = 0.999
"""Of the share that was found: a draw by hash leaves a few more or less in each group."""


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
    anew until it fits.
    """
    if campaign.plan.budget is None:
        return 0
    known = _beliefs(transaction, now)
    share, count = 1.0, 0
    while True:
        groups = _groups(transaction, campaign.plan, exposure.to_issue(transaction, campaign.campaign_id))
        found = affordable(campaign.plan.budget, groups, known)
        if found.share == 1.0:
            return count
        share *= CAUTION * found.share
        count += exposure.leave_out(transaction, campaign.campaign_id, share=share)


def standing(snapshot: Snapshot, campaign_id: str, now: datetime) -> BudgetStanding:
    """A campaign's limits, and what is reserved, committed and spent of them. Raises CampaignNotFound."""
    campaign = launch.get(snapshot, campaign_id)
    used = budgets.usage(snapshot, campaign_id, now)
    over = campaign.state is State.ENDED or now >= campaign.plan.end_time
    exposed = [] if over else exposure.outstanding(snapshot, campaign_id, now)
    groups, known = _groups(snapshot, campaign.plan, exposed), _beliefs(snapshot, now)
    owed = liability(groups, known)
    budget = campaign.plan.budget
    return BudgetStanding(
        campaign=campaign, used=used, liability=owed,
        committed=tuple(
            Committed(group=group, rate=rate(group, known.get(group.tier, UNTRIED))[0]) for group in groups
        ),
        overspend=None if budget is None else owed.exceeds(budget.limit_minor - used.used_minor),
        refusals=audit.denials(snapshot, campaign.name, actions=("coupons.reserve", "coupons.redeem")),
    )  # fmt: skip


def most_minor(discount: Discount, prices: Prices) -> int | None:
    """The most that a discount can take off any order; None where nothing bounds it."""
    match discount.reward:
        case Percent(maximum_minor=maximum) | FreeShipping(maximum_minor=maximum):
            return maximum
        case Fixed(amount_minor=amount):
            return amount
        case Gift(item_id=item_id):
            return prices.get(item_id)


def _groups(snapshot: Snapshot, plan: CampaignPlan, exposed: Sequence[Exposed]) -> tuple[Group, ...]:
    discounts = {
        (arm.name, offer.tier.value): offer.discount for arm in plan.design.arms for offer in plan.offers_in(arm.name)
    }
    wanted = gifts(discounts.values())
    prices = items.prices(snapshot, wanted, currency=plan.currency) if wanted else {}
    return tuple(_group(each, discounts[each.arm, each.tier], plan.currency, prices) for each in exposed)


def _group(each: Exposed, discount: Discount, currency: str, prices: Prices) -> Group:
    """Its value is that of what a buyer is expected to spend, as if it were one order that meets the conditions."""
    order = round(each.spend_minor / each.buyers) if each.buyers else 0
    order = max(order, discount.minimum_minor or 1)
    return Group(
        arm=each.arm, tier=each.tier, coupons=each.coupons, buyers=each.buyers,
        value_minor=usual_saving(discount, order, currency=currency, prices=prices),
        most_minor=most_minor(discount, prices),
    )  # fmt: skip


def _beliefs(snapshot: Snapshot, now: datetime) -> Mapping[str, Belief]:
    fared = exposure.past(snapshot, now, campaigns=PAST_CAMPAIGNS)
    return beliefs([PastTier(**each._asdict()) for each in fared])
