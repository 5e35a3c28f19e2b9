"""Why a customer would move, in a sentence."""

from datetime import datetime, timedelta

from campaigns.tiers.standing import Reason
from campaigns.tiers.tier_preview import Mover, TierPreview
from campaigns.tiers.tiers import Bounds, Levels, Measure, Tier
from events.currency import amount

TITLES = {Measure.PURCHASE_90: "the probability to buy", Measure.EXPECTED_VALUE: "the expected spend"}


def worth(measure: Measure, value: float, currency: str) -> str:
    """What a scheme measures, such as 120.00 GBP or 12.3%."""
    return f"{value:.1%}" if measure is Measure.PURCHASE_90 else amount(round(value), currency)


def because(mover: Mover, preview: TierPreview) -> str:
    """Such as: the expected spend of 120.00 GBP reaches 100.00 GBP, where HIGH begins."""
    measure, bounds = preview.scheme.measure, _bounds(preview)

    def said(value: float) -> str:
        return worth(measure, value, preview.currency)

    stored = "" if mover.stored_value == mover.value else f" ({said(mover.stored_value)} by the stored score)"
    subject = f"{TITLES[measure]} of {said(mover.value)}{stored}"
    if mover.placement.reason is Reason.RISEN:
        return f"{subject} reaches {said(_level(bounds.thresholds, mover.to_tier))}, where {mover.to_tier} begins"
    return f"{subject} lies below {said(_level(bounds.keeps, mover.from_tier))}, which keeps {mover.from_tier}"


def kept_until(mover: Mover, preview: TierPreview) -> datetime | None:
    """When the grace period ends; None for who moves at once."""
    since = mover.placement.standing.below_since
    return None if since is None else since + timedelta(days=_bounds(preview).grace_days)


def _bounds(preview: TierPreview) -> Bounds:
    bounds = preview.scheme.bounds
    assert bounds is not None, "a preview has turned shares into thresholds"
    return bounds


def _level(levels: Levels, tier: Tier) -> float:
    return levels.high if tier is Tier.HIGH else levels.mid
