"""Forecast against actual: kept when an audience is frozen, measured when the campaign and its aftermath are over.

Only a campaign that ran to its end teaches the next forecast: one that was stopped did less for another reason. So did
one whose end was moved: it was foretold for another time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns import trail
from campaigns.actor import Cause
from campaigns.experiments.assignment import HOLDOUT
from campaigns.experiments.effect import compare
from campaigns.experiments.forecast import Prediction
from campaigns.experiments.hindsight import bias, covered
from campaigns.experiments.results import Metric
from campaigns.forecast import lessons
from campaigns.forecast.foretelling import days_left, foretold
from campaigns.forecast.lessons import Quantity
from campaigns.forecast.outlook import spans
from campaigns.forecast.refusals import ForecastNotFound
from campaigns.life import campaigns
from campaigns.results import measuring
from campaigns.terms.campaign import Campaign
from campaigns.tiers.tiers import Tier
from database.experiments.outcomes import GroupOutcome
from database.forecast import foretold as stored_forecasts
from database.forecast import prospects
from database.forecast.foretold import Foretold, Measured
from database.session import Snapshot, Transaction

SAMPLE = 1_000
"""Customers from whom the usual order is taken."""
FEWEST = 2
"""Customers of a group, below which nothing can be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One number of one tier: what was foretold and what came."""

    tier: Tier
    quantity: Quantity
    foretold: Prediction
    actual: float | None
    """None while the campaign lasts, and for revenue where nobody was held out."""
    actual_error: float | None
    held: bool | None
    """Whether the interval held what came; None while nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignForecast:
    """What a campaign was foretold to do when its audience was frozen, and what it did."""

    campaign: Campaign
    lines: tuple[Line, ...]
    close_time: datetime | None
    """When the actuals were measured."""
    teaches: bool
    """Whether the next forecasts learn from it."""
    bias: dict[Quantity, float]
    """Actual over foretold, all tiers together; 1 is right."""


def keep(transaction: Transaction, campaign: Campaign, now: datetime) -> None:
    """Foretell what the frozen audience will do, and write it down."""
    members, days = prospects.frozen(campaign.campaign_id), days_left(campaign, now)
    found = prospects.sums(transaction, members, spans=spans(days))
    drawn = prospects.drawn(transaction, members, size=SAMPLE)
    outlook = foretold(transaction, campaign, found, drawn, days=days)
    told = [
        _foretold(tier.tier, quantity, prediction)
        for tier in outlook.forecast.tiers
        for quantity, prediction in (
            (Quantity.REDEMPTIONS, tier.redemptions),
            (Quantity.DISCOUNTS, tier.discounts),
            (Quantity.REVENUE, tier.revenue),
        )
        if quantity is not Quantity.REVENUE or outlook.revenue_foretold
    ]
    stored_forecasts.keep(transaction, campaign.campaign_id, told, now)


def due(snapshot: Snapshot, now: datetime) -> list[str]:
    """Campaigns whose forecast waits to be measured."""
    return stored_forecasts.due(snapshot, now - measuring.AFTERMATH)


def close(transaction: Transaction, cause: Cause, campaign_id: str) -> bool:
    """Measure what came of a campaign whose time is over; False when that was done before."""
    campaign = campaigns.get(transaction, campaign_id)
    if campaign.launch_time is None:
        return False
    until = measuring.closed(campaign)
    groups = measuring.counted(transaction, campaign, campaign.launch_time, until)
    told = {row.tier for row in stored_forecasts.of_campaign(transaction, campaign_id)}
    measured = [each for tier in sorted(told) for each in _measured(tier, groups)]
    teaches = campaign.ran_to_its_end and measuring.planned_end(transaction, campaign) == campaign.plan.end_time
    if not stored_forecasts.close(transaction, campaign_id, measured, teaches=teaches, now=cause.now):
        return False
    after = {f"{each.tier}.{each.quantity}": each.actual for each in measured}
    trail.done(transaction, cause, "campaigns.forecast.close", campaign.name, after={**after, "teaches": teaches})
    return True


def get(snapshot: Snapshot, campaign_id: str) -> CampaignForecast:
    """Raises CampaignNotFound, ForecastNotFound where the audience was not frozen or nobody was reached."""
    campaign = campaigns.get(snapshot, campaign_id)
    rows = stored_forecasts.of_campaign(snapshot, campaign_id)
    if not rows:
        raise ForecastNotFound(
            f"no forecast was kept of {campaign.name}: it is when an audience is frozen", campaign=campaign.name
        )
    outcomes = [(row, lessons.outcome(row)) for row in rows]
    lines = [
        Line(
            tier=Tier(row.tier), quantity=Quantity(row.quantity),
            foretold=Prediction(value=row.value, low=row.low, high=row.high, raw=row.raw),
            actual=row.actual, actual_error=row.actual_error, held=None if came is None else covered(came),
        )
        for row, came in outcomes
    ]  # fmt: skip
    known = {
        quantity: bias([came for row, came in outcomes if came is not None and row.quantity == quantity])
        for quantity in Quantity
    }
    return CampaignForecast(
        campaign=campaign, close_time=rows[0].close_time, teaches=rows[0].teaches,
        lines=tuple(sorted(lines, key=lambda line: (-line.tier.rank, list(Quantity).index(line.quantity)))),
        bias={quantity: off for quantity, off in known.items() if off is not None},
    )  # fmt: skip


def _foretold(tier: str, quantity: Quantity, prediction: Prediction) -> Foretold:
    return Foretold(
        tier=tier, quantity=quantity, value=prediction.value, low=prediction.low, high=prediction.high,
        raw=prediction.raw,
    )  # fmt: skip


def _measured(tier: str, groups: Sequence[GroupOutcome]) -> list[Measured]:
    offered = [group for group in groups if group.tier == tier and group.arm != HOLDOUT]
    held_out = [group for group in groups if group.tier == tier and group.arm == HOLDOUT]
    revenue, error = _additional(offered, held_out)
    return [
        Measured(
            tier=tier, quantity=Quantity.REDEMPTIONS, actual=float(sum(group.redeemed_count for group in offered)),
            actual_error=None,
        ),
        Measured(
            tier=tier, quantity=Quantity.DISCOUNTS, actual=float(sum(group.discount_minor for group in offered)),
            actual_error=None,
        ),
        Measured(tier=tier, quantity=Quantity.REVENUE, actual=revenue, actual_error=error),
    ]  # fmt: skip


def _additional(offered: Sequence[GroupOutcome], held_out: Sequence[GroupOutcome]) -> tuple[float | None, float | None]:
    """Revenue that would not be there without the campaign, before the discounts, and its standard error."""
    arm, holdout = (measuring.moments(groups)[Metric.REVENUE] for groups in (offered, held_out))
    if min(arm.count, holdout.count) < FEWEST:
        return None, None
    estimate = compare(arm, holdout)
    if not math.isfinite(estimate.standard_error):
        return None, None
    discounts = sum(group.known_discount_minor for group in offered)
    return estimate.difference * arm.count + discounts, estimate.standard_error * arm.count
