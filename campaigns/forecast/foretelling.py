"""The outlook of a campaign from what the database knows: its customers' scores, usual orders, and past campaigns."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from campaigns.budgets import exposures
from campaigns.budgets.budget import Affordable, affordable
from campaigns.forecast import lessons
from campaigns.forecast.detecting import LIFT
from campaigns.forecast.outlook import Orders, Outlook, discounts, outlook
from campaigns.terms.campaign import Campaign
from campaigns.terms.schedule import upcoming
from campaigns.terms.usual_saving import Prices, gifts
from database.coupons.exposure import Exposed
from database.events import items
from database.forecast.prospects import Prospect, Prospects
from database.models import scores
from database.session import Snapshot


def foretold(
    snapshot: Snapshot, campaign: Campaign, found: Sequence[Prospects], drawn: Sequence[Prospect], *, days: float,
    lift: float = LIFT,
) -> Outlook:  # fmt: skip
    """From the sums over its candidates and a sample of them; `lift` is what its results may be asked to show."""
    learned = lessons.learned(snapshot)
    return outlook(
        campaign.plan, found, usual_orders(drawn), days=days, prices=_prices(snapshot, campaign),
        currency=scores.scored_currency(snapshot), calibrations=learned.calibrations, basis=learned.basis,
        lift=lift,
    )  # fmt: skip


def affordable_part(snapshot: Snapshot, campaign: Campaign, found: Sequence[Prospects], now: datetime) -> Affordable:
    """Of its candidates those whose coupons the budget bears, and what they may cost: as the launch will reckon."""
    plan, shares = campaign.plan, campaign.plan.design.shares
    tiers: dict[str, list[Prospects]] = defaultdict(list)
    for each in found:
        if each.exclusion is None:
            tiers[each.tier].append(each)
    to_issue = [
        Exposed(
            arm.name, tier, round(shares[arm.name] * sum(part.count for part in parts)),
            shares[arm.name] * sum(part.buyers_90 for part in parts),
            shares[arm.name] * sum(part.spend_minor for part in parts),
        )
        for arm in plan.design.arms
        for tier, parts in tiers.items()
    ]  # fmt: skip
    groups, known = exposures.groups_of(snapshot, plan, to_issue), exposures.known(snapshot, now)
    return affordable(plan.budget, groups, known, redemptions=plan.redemption_limit)


def days_left(campaign: Campaign, now: datetime) -> float:
    """In which coupons can be redeemed, if the launch is now; of a series, within its next occurrence."""
    window = next(upcoming(campaign.plan, now), None)
    return 0.0 if window is None else (window.end_time - max(window.start_time, now)) / timedelta(days=1)


def usual_orders(drawn: Sequence[Prospect]) -> Orders:
    """By tier."""
    orders: dict[str, list[int]] = defaultdict(list)
    for each in drawn:
        if each.average_order is not None:
            orders[each.tier].append(each.average_order)
    return orders


def _prices(snapshot: Snapshot, campaign: Campaign) -> Prices:
    wanted = gifts(discounts(campaign.plan))
    return items.prices(snapshot, wanted, currency=campaign.plan.currency) if wanted else {}
