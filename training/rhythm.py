"""Fit of the closed-form buying model by maximum likelihood on the training customers."""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from scoring.buying import UNFITTED, BuyingModel
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES

FEWEST = 50
"""Buyers below which they come by the mild prior's rhythm."""
SHRINKAGE = 0.01
"""Of the log parameters to the prior: keeps them finite when nobody ever leaves."""


def fit_buying(raw: Floats) -> BuyingModel:
    """From [P, F] raw features of customers at one cut-off each."""
    orders, days, age, silent, basket = (
        raw[:, NAMES.index(name)]
        for name in ("orders", "order_days", "days_as_buyer", "days_since_order", "mean_basket")
    )
    buyers = orders > 0
    if not buyers.any():
        return UNFITTED
    mean, weight = _baskets(np.log1p(basket[buyers]), orders[buyers])
    if buyers.sum() < FEWEST:
        return replace(UNFITTED, basket_mean=mean, basket_weight=weight)
    r, alpha, a, b = most_likely(days[buyers] - 1, age[buyers] - silent[buyers], age[buyers]).tolist()
    return BuyingModel(r=r, alpha=alpha, a=a, b=b, basket_mean=mean, basket_weight=weight)


def most_likely(repeats: Floats, last: Floats, age: Floats, *, shrinkage: float = SHRINKAGE) -> Floats:
    """[4] r, alpha, a and b of customers [P] with orders after the first, the last of them at time `last` of `age`."""
    prior = np.log([UNFITTED.r, UNFITTED.alpha, UNFITTED.a, UNFITTED.b])

    def loss(parameters: Floats) -> float:
        distance = float(((parameters - prior) ** 2).sum())
        return -float(log_likelihood(np.exp(parameters), repeats, last, age).mean()) + shrinkage * distance / 10

    fitted: Floats = np.exp(minimize(loss, prior, method="L-BFGS-B", bounds=[(-6.0, 8.0)] * 4).x)
    return fitted


def log_likelihood(parameters: Floats, repeats: Floats, last: Floats, age: Floats) -> Floats:
    """[P] log-likelihood of the BG/NBD (Fader, Hardie and Lee 2005, equation 6)."""
    r, alpha, a, b = parameters
    common = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + repeats) - betaln(a, b) - (r + repeats) * np.log(alpha + age)
    left = betaln(a + 1, b + np.maximum(repeats, 1) - 1) - betaln(a, b) - (r + repeats) * np.log(alpha + last)
    return np.asarray(common + np.where(repeats > 0, np.logaddexp(stayed, left), stayed))


def _baskets(logs: Floats, orders: Floats) -> tuple[float, float]:
    """Mean of the log basket, and how many orders that mean weighs (method of moments over customers)."""
    single, many = orders == 1, orders >= np.quantile(orders, 0.8)
    if single.sum() < FEWEST or orders.max() < 3:  # noqa: PLR2004  means of one order or two tell no variance apart
        return float(logs.mean()), UNFITTED.basket_weight
    between = max(float(logs[many].var()) - 0.05, 0.05)
    within = max(float(logs[single].var()) - between, 0.05)
    return float(logs.mean()), within / between
