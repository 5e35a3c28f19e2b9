"""Whom an offer changes: learned from campaigns that held customers out, and what it says of the next audience."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from campaigns import trail
from campaigns.actor import Cause
from campaigns.experiments.assignment import HOLDOUT
from campaigns.life import campaigns
from campaigns.results import measuring
from database.forecast import uplifts
from database.forecast.uplifts import Uplift
from database.session import Snapshot, Transaction
from scoring.uplift.model import UpliftModel

MOST = 50_000
"""Customers of one campaign from whom is learned."""
TOP = 0.3
"""The share of an audience of which it is told how much of the effect it keeps."""
SAME = 1e-9
"""Difference of effects that are one effect, but for rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an offer is expected to change in an audience, as it did in a past campaign."""

    learned: Uplift
    customers: int
    """Who would get it."""
    expected: float
    """Customers more who buy than would without an offer."""
    low: float
    high: float
    """Between which it lies at 95 %, as far as the past campaign tells."""
    kept: float | None
    """Share of the effect that the TOP share of the audience keeps; None where the offer is not expected to help."""
    alike: bool
    """Whether the same is expected of all, since the past campaign tells nobody apart."""

    @property
    def by_chance(self) -> bool:
        """Whether chance alone may have made what the past campaign changed."""
        return self.low <= 0 <= self.high

    @property
    def by_effect(self) -> bool:
        """Whether customers are ranked by what the offer changes, and not by their response."""
        return self.learned.learner != "response"


def experience(snapshot: Snapshot, campaign_id: str, *, currency: str) -> pl.DataFrame:
    """Customers of an ended campaign: `treated`, `bought`, and what was known of each at the launch."""
    campaign = campaigns.get(snapshot, campaign_id)
    assert campaign.launch_time is not None, "a forecast is closed of launched campaigns only"
    until = measuring.closed(campaign)
    return uplifts.members(
        snapshot, campaign_id, holdout=HOLDOUT, since=campaign.launch_time, until=until, currency=currency, most=MOST
    )


def keep(transaction: Transaction, cause: Cause, learned: Uplift) -> bool:
    """Write down what a campaign taught; False when that was done before."""
    if not uplifts.keep(transaction, learned, cause.now):
        return False
    after = {"learner": learned.learner, "qini": learned.qini, "effect": learned.effect, "reason": learned.reason}
    trail.done(transaction, cause, "campaigns.uplift.learn", f"campaigns/{learned.campaign_id}", after=after)
    return True


def expected(snapshot: Snapshot, drawn: Sequence[str], *, customers: int) -> Change | None:
    """Of an audience of so many, of whom some were drawn; None where no campaign taught anything yet."""
    learned = uplifts.latest(snapshot)
    if learned is None or learned.model is None or not drawn:
        return None
    known = uplifts.features(snapshot, drawn)
    if known.is_empty():
        return None
    effects = np.sort(UpliftModel.from_json(learned.model).effect(known))[::-1]
    total, top = float(effects.sum()), float(effects[: max(1, round(TOP * len(effects)))].sum())
    assert learned.effect is not None, "a model comes with its effect"
    assert learned.effect_low is not None
    assert learned.effect_high is not None
    mean = total / len(effects)
    return Change(
        learned=learned, customers=customers, expected=customers * mean,
        low=customers * (mean + learned.effect_low - learned.effect),
        high=customers * (mean + learned.effect_high - learned.effect), kept=top / total if total > 0 else None,
        alike=bool(np.ptp(effects) < SAME),
    )  # fmt: skip
