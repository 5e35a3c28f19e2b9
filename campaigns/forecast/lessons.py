"""What past campaigns teach of the next forecast: how far theirs were off, tier by tier."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns.experiments.forecast import Calibration, Prediction
from campaigns.experiments.hindsight import CampaignOutcome, Outcome, calibration
from campaigns.forecast.grounds import Grounds
from database.forecast import foretold
from database.forecast.tables import ForecastRow
from database.session import Snapshot

MEMORY = 50
"""Campaigns; what was longer ago says little of today."""


class Quantity(StrEnum):
    """What is foretold of a tier."""

    REDEMPTIONS = "REDEMPTIONS"
    DISCOUNTS = "DISCOUNTS"
    """Minor units."""
    REVENUE = "REVENUE"
    """Minor units that would not be there without the campaign, before the discounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """For the next forecast."""

    calibrations: Mapping[str, Calibration]
    """By tier; a tier without past campaigns is not in it."""
    basis: Mapping[str, Grounds]
    """The same, to be told."""


def learned(snapshot: Snapshot) -> Lessons:
    """From the last campaigns that ran to their end."""
    past = _outcomes(foretold.lessons(snapshot, campaigns=MEMORY))
    calibrations = {tier: calibration(list(outcomes.values())) for tier, outcomes in past.items()}
    return Lessons(
        calibrations=calibrations,
        basis={tier: _grounds(calibrations[tier], list(outcomes)) for tier, outcomes in past.items()},
    )


def outcome(row: ForecastRow) -> Outcome | None:
    """A forecast beside what came; None while it is open, or where nobody can know."""
    if row.actual is None:
        return None
    predicted = Prediction(value=row.value, low=row.low, high=row.high, raw=row.raw)
    return Outcome(predicted=predicted, actual=row.actual, actual_error=row.actual_error or 0.0)


def _outcomes(rows: Sequence[ForecastRow]) -> dict[str, dict[str, CampaignOutcome]]:
    """Of each tier the campaigns, latest first."""
    found: dict[tuple[str, str], dict[str, Outcome | None]] = defaultdict(dict)
    for row in rows:
        found[row.tier, row.campaign_id][row.quantity] = outcome(row)
    past: dict[str, dict[str, CampaignOutcome]] = defaultdict(dict)
    for (tier, campaign_id), outcomes in found.items():
        redemptions, discounts = outcomes.get(Quantity.REDEMPTIONS), outcomes.get(Quantity.DISCOUNTS)
        if redemptions is not None and discounts is not None:
            revenue = outcomes.get(Quantity.REVENUE)
            past[tier][campaign_id] = CampaignOutcome(redemptions=redemptions, discounts=discounts, revenue=revenue)
    return past


def _grounds(learned: Calibration, campaigns: Sequence[str]) -> Grounds:
    return Grounds(
        campaigns=campaigns, redemptions=math.exp(learned.redemptions.centre), revenue=learned.revenue.centre
    )
