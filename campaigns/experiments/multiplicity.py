"""Several arms at once: the more that are tried, the stronger each must look."""

from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p-values by Holm (1979): the chance of any false alarm among them stays at the level."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - rank) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}


def shared_alpha(alpha: float, arms: int) -> float:
    """The level of each arm's interval (Bonferroni) at which all of them cover together."""
    return alpha / max(arms, 1)
