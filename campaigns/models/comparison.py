"""How what a shadow would have said compares with what callers were told. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np

from campaigns.models.drift import stability_index
from database.models.shadow_comparisons import StoredComparison, Sums
from scoring.score import Score

LOGIT_REACH = 5.0
STEPS_A_UNIT = 2
BINS = int(2 * LOGIT_REACH * STEPS_A_UNIT) + 2
"""Of the probability: half a logit wide from -5 to 5, and all that lies below and above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Figures over answers that a model and its shadow both gave."""

    count: int
    purchase_difference: float
    """Mean absolute difference of the probability to buy within 90 days."""
    spend_difference_minor: float
    """Mean absolute difference of the expected spend within 90 days."""
    stability: float | None
    """Population stability index of the shadow's probabilities against the model's."""
    rank_correlation: float | None
    """Of the probabilities (Spearman, over bins); None where one of the two says one thing of all."""


def sums_of(pairs: Iterable[tuple[Score, Score]], *, failed: int = 0, skipped: int = 0) -> Sums:
    """Of what was said and what the shadow says of the same customers."""
    count, purchase, spend, joint = 0, 0.0, 0.0, [0] * BINS**2
    for said, shadow in pairs:
        count += 1
        purchase += abs(said.purchase_90 - shadow.purchase_90)
        spend += abs(said.spend_minor - shadow.spend_minor)
        joint[bin_of(said.purchase_90) * BINS + bin_of(shadow.purchase_90)] += 1
    return Sums(
        count=count, purchase_difference=purchase, spend_difference_minor=spend, joint=joint, failed_count=failed,
        skipped_count=skipped,
    )  # fmt: skip


def comparison_of(stored: StoredComparison) -> Comparison:
    """What the sums of one answer or more say."""
    sums = stored.sums
    joint = np.array(sums.joint, dtype=np.float64).reshape(BINS, BINS)
    said, shadow = joint.sum(axis=1), joint.sum(axis=0)
    return Comparison(
        count=sums.count,
        purchase_difference=sums.purchase_difference / max(sums.count, 1),
        spend_difference_minor=sums.spend_difference_minor / max(sums.count, 1),
        stability=stability_index(_counts(said), _counts(shadow)),
        rank_correlation=_rank_correlation(joint),
    )


def bin_of(probability: float) -> int:
    """Of BINS, from the smallest probabilities to the largest."""
    place = (_logit(probability) + LOGIT_REACH) * STEPS_A_UNIT
    return int(min(max(place + 1, 0), BINS - 1))


def _logit(probability: float) -> float:
    return -inf if probability <= 0 else inf if probability >= 1 else log(probability / (1 - probability))


def _counts(histogram: np.ndarray) -> Sequence[int]:
    return [int(count) for count in histogram]


def _rank_correlation(joint: np.ndarray) -> float | None:
    """Pearson's correlation of mean ranks, which ties share (Spearman, 1904)."""
    total = joint.sum()
    said, shadow = joint.sum(axis=1), joint.sum(axis=0)
    rows, columns = _centred_ranks(said), _centred_ranks(shadow)
    spread = float((said @ rows**2) * (shadow @ columns**2)) ** 0.5
    return float(rows @ joint @ columns) / spread if total and spread else None


def _centred_ranks(counts: np.ndarray) -> np.ndarray:
    middle: np.ndarray = counts.cumsum() - counts / 2 - counts.sum() / 2
    return middle
