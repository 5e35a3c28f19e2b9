"""How good predictions are: ranking, calibration and money. All functions take arrays over customers."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, xlogy

from scoring.answers import BAND, Outlook
from scoring.seen.actions import Floats, Integers

TIES_SEED = 7
BINS = 10
CURVE = 101
"""Points of a curve."""

Figure = Callable[[Floats, Floats], float]
"""Of what came and what was said of it, both over customers."""


def auc(bought: Floats, score: Floats) -> float:
    """Area under the ROC curve: the chance that a buyer scores above a non-buyer, ties half. NaN with one class."""
    positives = bought.sum()
    negatives = len(bought) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    return float((ranks_of(score)[bought > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(bought: Floats, score: Floats) -> float:
    """Mean precision at the buyers, from the highest score down; customers of equal score stand at one threshold."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    found = np.cumsum(bought[order])[ends]
    return float((np.diff(found, prepend=0.0) * found / (ends + 1)).sum() / max(bought.sum(), 1.0))


def log_loss(bought: Floats, probability: Floats) -> float:
    """Mean negative log-likelihood, probabilities clipped to 1e-5."""
    p = np.clip(probability, 1e-5, 1 - 1e-5)
    return float(-(bought * np.log(p) + (1 - bought) * np.log1p(-p)).mean())


def roc(bought: Floats, score: Floats) -> list[tuple[float, float]]:
    """Share of non-buyers (ascending, evenly spaced) and of buyers above a threshold; ties are one threshold."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    true, false = (
        np.append(0.0, np.cumsum(kind[order])[ends]) / max(kind.sum(), 1.0) for kind in (bought, 1.0 - bought)
    )
    across = np.linspace(0.0, 1.0, CURVE)
    return list(zip(across.tolist(), np.interp(across, false, true).tolist(), strict=True))


def calibration_table(bought: Floats, probability: Floats) -> list[dict[str, float]]:
    """Predicted and true rate of tenths of customers, lowest first."""
    return [
        {"customers": len(g), "predicted": float(probability[g].mean()), "bought": float(bought[g].mean())}
        for g in _bins(probability)
    ]


def decile_table(came: Floats, predicted: Floats, *, word: str = "spent") -> list[dict[str, float]]:
    """Mean of what came (spend, or what `word` says) of tenths of customers, the highest prediction first."""
    return [
        {"customers": len(g), "predicted": float(predicted[g].mean()), word: float(came[g].mean())}
        for g in reversed(_bins(predicted))
    ]


def lift_table(bought: Floats, probability: Floats) -> list[dict[str, float]]:
    """Of the likeliest customers, tenth by tenth: their share, the share of all buyers among them, and its ratio."""
    groups = [*reversed(_bins(probability))]
    share = np.cumsum([len(g) for g in groups]) / len(bought)
    found = np.cumsum([bought[g].sum() for g in groups]) / max(bought.sum(), 1.0)
    return [{"share": s, "found": f, "lift": f / s} for s, f in zip(share.tolist(), found.tolist(), strict=True)]


def tier_table(spend: Floats, predicted: Floats, thresholds: Mapping[str, float]) -> list[dict[str, float | str]]:
    """Customers and mean spend of each tier by predicted spend, highest first; below all thresholds is LOW."""
    return [
        {
            "tier": name, "customers": int(at.sum()),
            "predicted": float(predicted[at].mean()), "spent": float(spend[at].mean()),
        }
        for name, at in _tiers(predicted, thresholds)
    ]  # fmt: skip


def band_table(spend: Floats, outlook: Outlook, thresholds: Mapping[str, float]) -> list[dict[str, float | str]]:
    """Share of customers whose spend was inside their band, of all and by tier, beside what is due.

    Due is what bands hold if chances and spreads are right: BAND of a customer, or more where a band of 0 alone does.
    """
    low, high = outlook.band
    held, due = (low <= spend) & (spend <= high), np.maximum(BAND, 1.0 - outlook.purchase[:, -1])
    everybody = np.ones(len(spend), dtype=bool)
    return [
        {"tier": name, "customers": int(at.sum()), "held": float(held[at].mean()), "due": float(due[at].mean())}
        for name, at in [("all", everybody), *_tiers(outlook.spend, thresholds)]
    ]


def _tiers(predicted: Floats, thresholds: Mapping[str, float]) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Who is in each that has customers."""
    names = [*sorted(thresholds, key=lambda name: -thresholds[name]), "LOW"]
    place = (predicted[:, None] < np.array([thresholds[name] for name in names[:-1]])).sum(axis=1)
    return [(name, at) for number, name in enumerate(names) if (at := place == number).any()]


def _bins(score: Floats) -> list[Integers]:
    """Places of the customers in ten groups of one size, the lowest score first."""
    return [g for g in np.array_split(np.argsort(score, kind="stable"), BINS) if len(g)]


def calibration_error(bought: Floats, probability: Floats) -> float:
    """Expected calibration error over ten bins of equally many customers."""
    groups = _bins(probability)
    starts = np.cumsum([0, *(len(g) for g in groups[:-1])])
    excess = (probability - bought)[np.concatenate(groups)]
    return float(np.abs(np.add.reduceat(excess, starts)).sum() / len(bought))


def level_offset(bought: Floats, probability: Floats) -> float:
    """What must be added to all logits to make the mean probability the true rate."""
    rate = float(np.clip(bought.mean(), 1e-4, 1 - 1e-4))
    z, low, high = logit(np.clip(probability, 1e-6, 1 - 1e-6)), -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(z + middle).mean() < rate else (low, middle)
    return low


def gini(spend: Floats, predicted: Floats) -> float:
    """Normalised Gini (google/lifetime_value): 1 ranks spend perfectly, 0 is random; ties are broken by a seed."""
    ties = np.random.default_rng(TIES_SEED).random(len(spend))
    perfect = _area(spend, np.argsort(-spend, kind="stable"))
    return _area(spend, np.lexsort((ties, -predicted))) / perfect if perfect else float("nan")


def _area(spend: Floats, order: np.ndarray) -> float:
    total = spend.sum()
    if total == 0:
        return 0.0
    return float(np.cumsum(spend[order])[:-1].sum() / total / len(spend) - 0.5 * (len(spend) - 1) / len(spend))


def ranks_of(values: Floats) -> Floats:
    """From 1 for the smallest; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])


def spearman(spend: Floats, predicted: Floats) -> float:
    """Correlation of ranks; NaN where one side is constant."""
    a, b = ranks_of(spend), ranks_of(predicted)
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def capture(spend: Floats, predicted: Floats) -> float:
    """Share of all spend by the tenth of customers with the highest prediction."""
    top = np.argsort(-predicted, kind="stable")[: max(1, len(spend) // 10)]
    return float(spend[top].sum() / max(spend.sum(), 1.0))


def deviance(orders: Floats, expected: Floats) -> float:
    """Mean Poisson deviance of counts, expectations clipped to 1e-5."""
    mean = np.maximum(expected, 1e-5)
    return float(2.0 * (xlogy(orders, orders / mean) - (orders - mean)).mean())


def mean_error(spend: Floats, predicted: Floats) -> float:
    """Mean absolute error of one customer."""
    return float(np.abs(spend - predicted).mean())


def total_ratio(spend: Floats, predicted: Floats) -> float:
    """Predicted over real spend of all together."""
    return float(predicted.sum() / max(spend.sum(), 1.0))


SLICED: Mapping[str, Figure] = {"auc": auc, "log_loss": log_loss, "ece": calibration_error}
"""Of a probability, for some of the customers."""
CHANCES: Mapping[str, Figure] = {**SLICED, "average_precision": average_precision}
"""Of a probability."""
AMOUNTS: Mapping[str, Figure] = {
    "gini": gini, "spearman": spearman, "capture_top_decile": capture, "total_ratio": total_ratio,
}  # fmt: skip
"""Of an expected amount."""
SINGLE: Mapping[str, Figure] = {"median_mae": mean_error}
"""Of what is said of one customer: least at the median, while an expectation wins it by a total that is too low.

Figures of earlier models have `mae`, which was of the expectation.
"""
COUNTS: Mapping[str, Figure] = {
    "deviance": deviance, "spearman": spearman, "total_ratio": total_ratio,
}  # fmt: skip
"""Of an expected number of orders."""


def all_metrics(
    bought: Floats, spend: Floats, probability: Floats, value: Floats, median: Floats
) -> dict[str, float]:  # fmt: skip
    """Every figure of one predictor of orders; money in the unit of `spend`."""
    chances = {name: figure(bought, probability) for name, figure in CHANCES.items()}
    amounts = {name: figure(spend, value) for name, figure in AMOUNTS.items()}
    return chances | amounts | {name: figure(spend, median) for name, figure in SINGLE.items()}
