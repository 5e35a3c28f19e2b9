"""Are the groups as large as they were planned: if not, something chose who is in them, and no result can be trusted.

Pearson's chi-square test with a strict level, since it is looked at every day and a false alarm stops a campaign
(Fabijan et al. 2019, "Diagnosing sample ratio mismatch in online controlled experiments").
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

STRICT_ALPHA = 0.0005
SMALLEST_EXPECTED = 5
"""Customers expected in a group below which the chi-square distribution does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatio:
    """What was counted beside what was planned."""

    observed: Mapping[str, int]
    expected: Mapping[str, float]
    p_value: float
    """1 when there are too few customers to tell."""
    mismatch: bool
    message: str
    """For a marketer."""


def check_ratio(
    observed: Mapping[str, int], shares: Mapping[str, float], *, what: str = "customers", alpha: float = STRICT_ALPHA
) -> SampleRatio:
    """Compare group sizes with the planned shares; groups that were planned with no customers are left out."""
    planned = {group: share for group, share in shares.items() if share > 0}
    counts = {group: observed.get(group, 0) for group in planned}
    total = sum(counts.values())
    expected = {group: total * share / sum(planned.values()) for group, share in planned.items()}
    enough = len(planned) > 1 and min(expected.values()) >= SMALLEST_EXPECTED
    statistic = sum((counts[group] - mean) ** 2 / mean for group, mean in expected.items()) if enough else 0.0
    p_value = float(chdtrc(len(planned) - 1, statistic)) if enough else 1.0
    return SampleRatio(
        observed=counts,
        expected=expected,
        p_value=p_value,
        mismatch=p_value < alpha,
        message=_message(counts, expected, p_value, mismatch=p_value < alpha, enough=enough, what=what),
    )


def check_exclusions(excluded: Mapping[str, Mapping[str, int]], shares: Mapping[str, float]) -> tuple[SampleRatio, ...]:
    """Whether each reason took its customers out of all groups alike; in the order of the reasons."""
    level = STRICT_ALPHA / max(len(excluded), 1)
    return tuple(
        check_ratio(tally, shares, what=f"customers excluded because of {reason}", alpha=level)
        for reason, tally in excluded.items()
    )


def _message(
    counts: Mapping[str, int],
    expected: Mapping[str, float],
    p_value: float,
    *,
    mismatch: bool,
    enough: bool,
    what: str,
) -> str:
    if not enough:
        return f"Too few {what} to check whether the groups have the planned sizes."
    if not mismatch:
        return f"The groups have as many {what} as planned."
    worst = max(expected, key=lambda group: abs(counts[group] - expected[group]) / np.sqrt(expected[group]))
    return (
        f"Do not trust these results: {worst} has {counts[worst]:,} {what} where {expected[worst]:,.0f} were planned, "
        f"which chance does once in {1 / max(p_value, 1e-12):,.0f} campaigns. Look for a filter, a send or a count "
        f"that treats {worst} differently from the other groups."
    )
