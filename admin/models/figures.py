"""The figures of a model's rehearsal: what belongs together, and which of two is better. Pure."""

from collections.abc import Collection, Mapping
from enum import StrEnum


class Group(StrEnum):
    """What figures say something of."""

    RANKING = "RANKING"
    CALIBRATION = "CALIBRATION"
    SPEND = "SPEND"
    NEXT_ITEMS = "NEXT_ITEMS"
    PARTS = "PARTS"
    """Each predictor and each way to recommend alone."""
    OTHERS = "OTHERS"


GROUPS: Mapping[Group, tuple[str, ...]] = {
    Group.RANKING: ("auc", "auc_new_customers", "average_precision"),
    Group.CALIBRATION: ("ece", "log_loss"),
    Group.SPEND: ("gini", "spearman", "capture_top_decile", "median_mae", "mae", "total_ratio"),
    Group.NEXT_ITEMS: (
        "hybrid_hit_rate_10", "hybrid_ndcg_10", "ahead_hit_rate_10", "ahead_ndcg_10", "newcomers_hit_rate_10",
        "newcomers_ndcg_10",
    ),
    Group.PARTS: (
        "auc_networks", "auc_trees", "auc_linear", "auc_closed_form", "tree_share", "deep_hit_rate_10",
        "content_hit_rate_10", "together_hit_rate_10", "again_hit_rate_10", "popular_hit_rate_10",
    ),
}  # fmt: skip
"""The telling ones first."""
LESS_IS_BETTER = frozenset({"deviance", "ece", "log_loss", "mae", "median_mae"})
ONE_IS_BEST = frozenset({"total_ratio"})
OF_NO_MERIT = frozenset({"tree_share"})


def grouped(names: Collection[str]) -> dict[Group, list[str]]:
    """The figures that there are; a group without one is left out."""
    known = {name for group in GROUPS.values() for name in group}
    found = {group: [name for name in of_it if name in names] for group, of_it in GROUPS.items()}
    found[Group.OTHERS] = sorted(set(names) - known)
    return {group: of_it for group, of_it in found.items() if of_it}


def better(name: str, ours: float, theirs: float) -> bool | None:
    """Whether ours is; None where both are as good, or nobody knows which way is better."""
    if name in OF_NO_MERIT or not any(name in group for group in GROUPS.values()):
        return None
    sign = -1 if name in LESS_IS_BETTER | ONE_IS_BEST else 1
    first, second = (abs(value - 1) if name in ONE_IS_BEST else value for value in (ours, theirs))
    return None if first == second else sign * (first - second) > 0
