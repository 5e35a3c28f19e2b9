"""How far what the network says of customers has moved since an earlier time. Pure."""

from collections.abc import Mapping, Sequence
from math import log

SOME, MUCH = 0.1, 0.25
"""Population stability: below the first nothing to look at, above the second another population (Siddiqi, Credit Risk
Scorecards, 2006, chapter 10)."""
SMOOTHING = 0.5
"""Added to each count, so that an empty bin says little instead of everything (Jeffreys)."""


def stability_index(before: Sequence[int], now: Sequence[int]) -> float | None:
    """Population stability index of two histograms over the same bins; None where one of them is empty.

    The sum over bins of (q - p) · ln(q / p), which is the symmetric Kullback-Leibler divergence of Jeffreys (1946).
    """
    if not sum(before) or not sum(now):
        return None
    p, q = _shares(before), _shares(now)
    return sum((new - old) * log(new / old) for old, new in zip(p, q, strict=True))


def share_moved(drifts: Mapping[str, float]) -> float:
    """Of features, by their indices: how many are of another population."""
    return sum(drift > MUCH for drift in drifts.values()) / max(len(drifts), 1)


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]
