"""The thresholds in force as a model is told them, which knows nothing of tiers."""

from collections.abc import Mapping

from campaigns.tiers.tiers import Measure, TierScheme
from scoring.replicas.asking import Ladder

FIGURES: Mapping[Measure, str] = {Measure.PURCHASE_90: "purchase_90", Measure.EXPECTED_VALUE: "spend_minor"}


def ladder_of(scheme: TierScheme | None) -> Ladder | None:
    """None where no thresholds are known."""
    if scheme is None or scheme.bounds is None:
        return None
    return Ladder(FIGURES[scheme.measure], (scheme.bounds.thresholds.mid, scheme.bounds.thresholds.high))
