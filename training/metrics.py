"""How good predictions are: ranking, calibration and money. All functions take arrays over customers."""

import numpy as np
from scipy.special import expit, logit
from scipy.stats import rankdata

from scoring.actions import Floats

TIES_SEED = 7


def auc(bought: Floats, score: Floats) -> float:
    """Area under the ROC curve: the chance that a buyer scores above a non-buyer, ties half. NaN with one class."""
    positives = bought.sum()
    negatives = len(bought) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    return float((rankdata(score)[bought > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives))


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


def calibration_table(bought: Floats, probability: Floats, bins: int = 10) -> list[dict[str, float]]:
    """Predicted and true rate in bins of equally many customers, lowest first."""
    groups = np.array_split(np.argsort(probability, kind="stable"), bins)
    return [
        {"customers": len(g), "predicted": float(probability[g].mean()), "bought": float(bought[g].mean())}
        for g in groups
        if len(g)
    ]


def calibration_error(bought: Floats, probability: Floats) -> float:
    """Expected calibration error over ten bins of equally many customers."""
    table = calibration_table(bought, probability)
    return sum(abs(row["predicted"] - row["bought"]) * row["customers"] for row in table) / len(bought)


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


def spearman(spend: Floats, predicted: Floats) -> float:
    """Correlation of ranks; NaN where one side is constant."""
    a, b = rankdata(spend), rankdata(predicted)
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def capture(spend: Floats, predicted: Floats) -> float:
    """Share of all spend by the tenth of customers with the highest prediction."""
    top = np.argsort(-predicted, kind="stable")[: max(1, len(spend) // 10)]
    return float(spend[top].sum() / max(spend.sum(), 1.0))


def all_metrics(bought: Floats, spend: Floats, probability: Floats, value: Floats) -> dict[str, float]:
    """Everything `tierwise evaluate` reports of one predictor; money in the unit of `spend`."""
    return {
        "auc": auc(bought, probability),
        "average_precision": average_precision(bought, probability),
        "log_loss": log_loss(bought, probability),
        "ece": calibration_error(bought, probability),
        "gini": gini(spend, value),
        "spearman": spearman(spend, value),
        "mae": float(np.abs(spend - value).mean()),
        "capture_top_decile": capture(spend, value),
        "total_ratio": float(value.sum() / max(spend.sum(), 1.0)),
    }
