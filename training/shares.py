"""What share of the answer each predictor gets: fitted forward in time, on windows that no fit has seen.

Stacking with non-negative weights (Breiman 1996): the logits of all predictors explain what happened, beside a free
level, for the level is the season's and tells nothing about who ranks better. A predictor at zero gets nothing. One
history tells weights apart poorly, so the others are drawn halfway to equal shares (Timmermann 2006).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, nnls
from scipy.special import expit

from scoring.actions import Floats, Integers
from scoring.answers import Answers, Calibration, outlook_of
from scoring.mixture import Mixture, Predictor, Shares, Speaker
from training.loss import level_free_loss
from training.metrics import auc, gini
from training.validation import Forward

EQUAL = 0.5
"""How far the fitted shares are drawn to equal ones."""
LEAST = 0.02
"""Of the sum of the weights, below which a predictor has lost."""
MOST = 10.0
"""Of a weight and of the level: a search that goes further finds nothing."""


Said = Mapping[Predictor, tuple[Floats, Floats]]
"""What each predictor says of P questions: logits of the hazards [P, H], and the mean of log spend [P]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacking:
    """Shares of everybody in each part of the answer."""

    purchase: Shares
    spend: Shares


def stack(said: Said, forward: Forward) -> Stacking:
    """From what everybody says of windows that no fit has seen; equal shares where those tell too little."""
    if not forward.telling:
        equal = dict.fromkeys(said, 1.0 / len(said))
        return Stacking(purchase=equal, spend=equal)
    labels, bought = forward.labels, forward.labels.bought > 0
    logs = np.log(np.maximum(labels.spend[bought], 1.0))
    return Stacking(
        purchase=_hazards({name: hazards for name, (hazards, _) in said.items()}, labels.interval),
        spend=_spend({name: mean[bought] for name, (_, mean) in said.items()}, logs),
    )


def mixture_of(speakers: Mapping[Predictor, Speaker], stacking: Stacking) -> Mixture:
    """Who speaks with which share."""
    return Mixture(speakers=speakers, purchase=stacking.purchase, spend=stacking.spend)


def figures_of(said: Said, stacking: Stacking, forward: Forward) -> dict[str, dict[str, float]]:
    """How each predictor does alone on unseen windows, its level mended, and which shares it gets; for the manifest."""
    labels, found = forward.labels, {}
    for name, (hazards, log_mean) in said.items():
        nothing = np.zeros(len(log_mean))
        alone = Answers(hazards=hazards, log_mean=log_mean, log_sigma=nothing, silence=nothing)
        outlook = outlook_of(alone, Calibration(), forward.pairs.as_of)
        figures = {
            "auc": auc(labels.bought, outlook.purchase[:, -1]),
            "gini": gini(labels.spend, outlook.spend),
            "loss": level_free_loss(hazards, labels.interval),
        }
        known = {figure: value for figure, value in figures.items() if np.isfinite(value)}
        found[str(name)] = known | _shares(name, stacking)
    return found


def shares_of(stacking: Stacking) -> dict[str, dict[str, float]]:
    """Where nothing was measured; for the manifest."""
    return {str(name): _shares(name, stacking) for name in stacking.purchase}


def _shares(name: Predictor, stacking: Stacking) -> dict[str, float]:
    return {
        "purchase_share": stacking.purchase.get(name, 0.0),
        "spend_share": stacking.spend.get(name, 0.0),
    }


def _hazards(said: Mapping[Predictor, Floats], interval: Integers) -> Shares:
    """From logits [P, H] of each predictor, and what came of P questions."""
    reached = np.arange(next(iter(said.values())).shape[1]) <= interval[:, None]
    happened = (np.arange(reached.shape[1]) == interval[:, None])[reached].astype(np.float64)
    logits = np.stack([values[reached] for values in said.values()], axis=1)
    centre = logits.mean(axis=0)
    design = np.column_stack((logits - centre, np.ones(len(logits))))

    def loss(weights: Floats) -> tuple[float, Floats]:
        z = design @ weights
        return float((np.logaddexp(0.0, z) - happened * z).mean()), design.T @ (expit(z) - happened) / len(z)

    start = np.append(np.full(len(said), 1.0 / len(said)), centre.mean())
    bounds = [(0.0, MOST)] * len(said) + [(-MOST, MOST)]
    weights = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x[:-1]
    return _drawn_to_equal(tuple(said), weights)


def _spend(said: Mapping[Predictor, Floats], log_spend: Floats) -> Shares:
    """From means of log spend [B] by each predictor, and what B buyers spent."""
    logs = np.stack(list(said.values()), axis=1)
    weights, _ = nnls(logs - logs.mean(axis=0), log_spend - log_spend.mean())
    return _drawn_to_equal(tuple(said), weights)


def _drawn_to_equal(predictors: tuple[Predictor, ...], weights: Floats) -> Shares:
    if weights.sum() <= 0:
        return dict.fromkeys(predictors, 1.0 / len(predictors))
    parts = weights / weights.sum()
    helpful = parts > LEAST
    drawn = np.where(helpful, (1 - EQUAL) * parts / parts[helpful].sum() + EQUAL / helpful.sum(), 0.0)
    return {name: float(share) for name, share in zip(predictors, drawn, strict=True) if share > 0}
