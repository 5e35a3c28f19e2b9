"""What a campaign is expected to come to, from sums over its audience: forecast, and what it can show. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from campaigns.experiments.assignment import HOLDOUT
from campaigns.experiments.forecast import Calibration, Forecast, Limits, TierAudience, foretell
from campaigns.experiments.power import Baseline, baselines_of_scores, revenue_baseline
from campaigns.experiments.results import Metric
from campaigns.forecast.detecting import Sensitivity, sensitivities
from campaigns.forecast.grounds import Grounds
from campaigns.results.measuring import ATTRIBUTION
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.cost_notes import CostNote, Unknown
from campaigns.terms.discount import WHOLE, Discount
from campaigns.terms.usual_saving import Prices, unforetold, unpriced, usual_saving
from campaigns.tiers.tiers import Tier
from database.forecast.prospects import Horizon, Prospects, Spans

LONGEST_DAYS = 90.0
"""As far as scores foretell; of a longer campaign what comes after is not counted."""

Orders = Mapping[str, Sequence[int]]
"""Of each tier, what some of its customers usually order for, in minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A campaign's numbers before it is launched."""

    days: float
    """Of the campaign that are foretold."""
    forecast: Forecast
    basis: Mapping[str, Grounds]
    """Tier to what its forecast rests on."""
    baselines: Mapping[Metric, Baseline]
    """Per customer, as it would be without the campaign; empty where nobody would be reached."""
    sensitivities: tuple[Sensitivity, ...]
    """Empty where nobody is held out or nobody reached."""
    notes: tuple[CostNote, ...]
    """What is left out of the costs."""
    revenue_foretold: bool
    """Not where scores are in another currency than the plan."""


def horizon(days: float) -> Horizon:
    """Between the horizons of the scores the probability grows in straight lines, from none at none."""
    months = min(max(days, 0.0), LONGEST_DAYS) / 30
    return Horizon(
        purchase_30=max(0.0, 1 - abs(months - 1)),
        purchase_60=max(0.0, 1 - abs(months - 2)),
        purchase_90=max(0.0, 1 - abs(months - 3)),
    )


def counted(days: float) -> float:
    """Of how many days results tell, where coupons can be redeemed in so many."""
    return days + ATTRIBUTION / timedelta(days=1)


def spans(days: float) -> Spans:
    """In which coupons can be redeemed, and of which results tell."""
    return Spans(offered=horizon(days), counted=horizon(counted(days)))


def outlook(
    plan: CampaignPlan, prospects: Sequence[Prospects], orders: Orders, *, days: float, prices: Prices,
    currency: str | None, calibrations: Mapping[str, Calibration], basis: Mapping[str, Grounds], lift: float,
) -> Outlook:  # fmt: skip
    """From the candidates who are not excluded; a tier without calibration is foretold by what is assumed.

    Spend that the scores expect in another `currency` than the plan's counts as nothing.
    """
    foreign = currency not in (None, plan.currency)
    reached = countable(plan, prospects, currency)
    audiences = [
        _audience(plan, tier, [each for each in reached if each.tier == tier], orders, prices)
        for tier in Tier
        if any(each.tier == tier for each in reached)
    ]
    budget = None if plan.budget is None else plan.budget.limit_minor
    limits = Limits(redemptions=plan.redemption_limit, discounts_minor=budget)
    forecast = foretell(audiences, calibrations, limits)
    usual = baselines(plan, reached, days)
    return Outlook(
        days=min(days, LONGEST_DAYS),
        forecast=forecast,
        basis={tier.tier: basis.get(tier.tier, Grounds()) for tier in audiences},
        baselines=usual,
        revenue_foretold=not foreign,
        sensitivities=sensitivities(plan.design, sum(each.count for each in reached), usual, lift=lift),
        notes=(
            *((CostNote(unknown=Unknown.REVENUE, scored=currency or "", currency=plan.currency),) if foreign else ()),
            *unforetold(discounts(plan), currency=plan.currency, scored=currency),
            *unpriced(discounts(plan), prices),
            *_unusable(plan, reached),
        ),
    )


def _unusable(plan: CampaignPlan, reached: Sequence[Prospects]) -> list[CostNote]:
    """Tiers in which somebody would get a coupon for a first order who has bought before."""
    first_only = {
        offer.tier for arm in plan.design.arms for offer in plan.offers_in(arm.name) if offer.discount.first_order_only
    }
    bought = {tier: sum(each.count - each.new_count for each in reached if each.tier == tier) for tier in Tier}
    return [
        CostNote(unknown=Unknown.FIRST_ORDER, tier=tier.value, customers=bought[tier])
        for tier in Tier
        if tier in first_only and bought[tier]
    ]


def countable(plan: CampaignPlan, prospects: Sequence[Prospects], currency: str | None) -> list[Prospects]:
    """Those who are not excluded, without what they spend where that is of another `currency` than the plan's."""
    reached = [each for each in prospects if each.exclusion is None]
    if currency in (None, plan.currency):
        return reached
    return [
        replace(each, spend_minor=0.0, new_spend_minor=0.0, past_spend_minor=0.0, past_spend_squared=0.0)
        for each in reached
    ]


def discounts(plan: CampaignPlan) -> list[Discount]:
    """Of all tiers and arms."""
    return [offer.discount for arm in plan.design.arms for offer in plan.offers_in(arm.name)]


def _audience(
    plan: CampaignPlan, tier: Tier, parts: Sequence[Prospects], orders: Orders, prices: Prices
) -> TierAudience:
    """Of each arm those who can redeem: for a first order only those who never bought."""
    shares = plan.design.shares
    buyers = spend = saved = 0.0
    worth = _orders(tier, parts, orders)
    for arm in plan.design.arms:
        discount = next(offer.discount for offer in plan.offers_in(arm.name) if offer.tier is tier)
        able, spending = _able(discount, parts)
        buyers += shares[arm.name] * able
        spend += shares[arm.name] * spending
        mean = sum(usual_saving(discount, order, currency=plan.currency, prices=prices) for order in worth) / len(worth)
        saved += shares[arm.name] * able * mean
    return TierAudience(
        tier=tier,
        customers=round(sum(part.count for part in parts) * (1 - shares[HOLDOUT])),
        expected_buyers=buyers,
        expected_spend_minor=spend,
        discount_minor=saved / buyers if buyers else 0.0,
    )


def _able(discount: Discount, parts: Sequence[Prospects]) -> tuple[float, float]:
    """Expected buyers who may use the discount, and what they are expected to spend within the span."""
    new_only = discount.first_order_only
    buyers = sum(part.new_buyers if new_only else part.buyers for part in parts)
    spend = sum(
        (part.new_spend_minor if new_only else part.spend_minor) * part.buyers / part.buyers_90
        for part in parts
        if part.buyers_90
    )
    return buyers, spend


def _orders(tier: Tier, parts: Sequence[Prospects], orders: Orders) -> Sequence[int]:
    """Of the tier, else of any tier, else what a buyer is expected to spend."""
    known = orders.get(tier) or [order for others in orders.values() for order in others]
    if known:
        return known
    buyers = sum(part.buyers_90 for part in parts)
    return [round(sum(part.spend_minor for part in parts) / buyers)] if buyers else [0]


def baselines(plan: CampaignPlan, reached: Sequence[Prospects], days: float) -> dict[Metric, Baseline]:
    """Of the time that results count: conversion by the scores, revenue by the 90 days before, margin its part.

    Revenue is spread as if orders came independently, or as the scores say where that is more. A metric
    in which customers do not differ is left out: nothing could be shown.
    """
    count = sum(each.count for each in reached)
    if not count:
        return {}
    chance = sum(each.counted_buyers for each in reached) / count
    conversion = chance * (1 - chance)
    explained = max(sum(each.counted_squared for each in reached) / count - chance**2, 0.0)
    found = {
        Metric.CONVERSION: Baseline(
            mean=chance,
            standard_deviation=math.sqrt(conversion),
            correlation=math.sqrt(min(explained / conversion, 1.0)) if conversion > 0 else 0.0,
        ),
        Metric.REVENUE: _revenue(reached, count, counted(days) / LONGEST_DAYS),
    }
    if plan.margin_percent is not None:
        revenue, left = found[Metric.REVENUE], plan.margin_percent / WHOLE
        found[Metric.MARGIN] = Baseline(mean=revenue.mean * left, standard_deviation=revenue.standard_deviation * left)
    return {metric: baseline for metric, baseline in found.items() if baseline.unexplained_deviation > 0}


def _revenue(reached: Sequence[Prospects], count: int, part: float) -> Baseline:
    """Per customer, in `part` of 90 days."""
    past = sum(each.past_spend_minor for each in reached) / count
    variance = max(sum(each.past_spend_squared for each in reached) / count - past**2, 0.0)
    chance, spend = sum(each.buyers_90 for each in reached) / count, sum(each.spend_minor for each in reached) / count
    _, scored = baselines_of_scores(chance, spend, part=part)
    return revenue_baseline(Baseline(mean=past, standard_deviation=math.sqrt(variance)), scored, part=part)
