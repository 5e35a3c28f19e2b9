"""What share of the answer each predictor gets: fitted forward in time, on windows that no fit has seen.

Stacking with non-negative weights (Breiman 1996): the logits of all predictors explain what happened, beside a free
level, for the level is the season's and tells nothing about who ranks better. A predictor at zero gets nothing. One
history tells weights apart poorly, so before it has told anything they are believed to be equal (Timmermann 2006).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, nnls
from scipy.special import expit

from scoring.answers import Answers, Calibration, outlook_of
from scoring.mixture import Mixture, Predictor, Shares, Speaker
from scoring.seen.actions import Floats, Integers
from training.loss import level_free_loss
from training.material.validation import Forward
from training.metrics import auc, gini

EQUAL = 10.0
"""So many customers weigh as much as the belief that all have the same share."""
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
    buyers, others = (len(np.unique(forward.pairs.customer[at])) for at in (bought, ~bought))
    logs = np.log(np.maximum(labels.spend[bought], 1.0))
    return Stacking(
        purchase=_hazards(
            {name: hazards for name, (hazards, _) in said.items()}, labels.interval, EQUAL / min(buyers, others)
        ),
        spend=_spend({name: mean[bought] for name, (_, mean) in said.items()}, logs, EQUAL / buyers),
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


def _hazards(said: Mapping[Predictor, Floats], interval: Integers, belief: float) -> Shares:
    """From logits [P, H] of each predictor, and what came of P questions; the belief counts so much of all of them."""
    reached = np.arange(next(iter(said.values())).shape[1]) <= interval[:, None]
    happened = (np.arange(reached.shape[1]) == interval[:, None])[reached].astype(np.float64)
    logits = np.stack([values[reached] for values in said.values()], axis=1)
    centre, equal = logits.mean(axis=0), np.full(len(said), 1.0 / len(said))
    design = np.column_stack((logits - centre, np.ones(len(logits))))

    def loss(weights: Floats) -> tuple[float, Floats]:
        z, apart = design @ weights, weights[:-1] - equal
        found = float((np.logaddexp(0.0, z) - happened * z).mean() + belief / 2 * (apart**2).sum())
        return found, design.T @ (expit(z) - happened) / len(z) + np.append(belief * apart, 0.0)

    start = np.append(equal, centre.mean())
    bounds = [(0.0, MOST)] * len(said) + [(-MOST, MOST)]
    return _parts(tuple(said), minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x[:-1])


def _spend(said: Mapping[Predictor, Floats], log_spend: Floats, belief: float) -> Shares:
    """From means of log spend [B] by each predictor, and what B buyers spent."""
    logs, came = np.stack(list(said.values()), axis=1), log_spend - log_spend.mean()
    logs = logs - logs.mean(axis=0)
    plain, _ = nnls(logs, came)
    strength = np.sqrt(belief * ((came - logs @ plain) ** 2).sum())
    believed = np.full(len(said), strength / len(said))
    weights, _ = nnls(np.vstack((logs, strength * np.eye(len(said)))), np.append(came, believed))
    return _parts(tuple(said), weights)


def _parts(predictors: tuple[Predictor, ...], weights: Floats) -> Shares:
    """Of those whose part is worth hearing."""
    if weights.sum() <= 0:
        return dict.fromkeys(predictors, 1.0 / len(predictors))
    heard = np.where(weights > LEAST * weights.sum(), weights, 0.0)
    shares = heard / heard.sum()
    return {name: float(share) for name, share in zip(predictors, shares, strict=True) if share > 0}
