"""How often and for how much a customer buys, in closed form: BG/NBD for the rhythm, a shrunk log mean for the basket.

Fader, Hardie and Lee, "Counting your customers" the easy way (Marketing Science 2005): a customer orders as a Poisson
process with a Gamma(r, alpha) rate, and leaves after each order with a Beta(a, b) probability.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HORIZON_DAYS = 90.0
NEVER = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyingModel:
    """Parameters, fitted on the training part. Time is in days."""

    r: float
    alpha: float
    a: float
    b: float
    basket_mean: float
    """Mean over customers of the log amount of an order."""
    basket_weight: float
    """How many orders the mean of all customers weighs: variance within over variance between."""
    records_begin: float = 0.0
    """Epoch seconds: before, nobody could be seen but for strays."""


UNFITTED = BuyingModel(r=0.5, alpha=60.0, a=0.5, b=2.0, basket_mean=8.0, basket_weight=2.0)
"""A mild prior, for a shop with too few customers to fit."""


def alive(model: BuyingModel, repeats: Floats, last: Floats, age: Floats) -> Floats:
    """[P] probability of still being a customer: `repeats` orders after the first, the last at day `last` of `age`."""
    return 1.0 / (1.0 + _odds_of_leaving(model, repeats, last, age))


def rate(model: BuyingModel, repeats: Floats, age: Floats) -> Floats:
    """[P] expected orders a day while active."""
    return (model.r + repeats) / (model.alpha + age)


def chance(model: BuyingModel, repeats: Floats, last: Floats, age: Floats, days: float = HORIZON_DAYS) -> Floats:
    """[P] probability of at least one order within so many days."""
    return -np.expm1(log_no_order(model, repeats, last, age, days))


def log_no_order(model: BuyingModel, repeats: Floats, last: Floats, age: Floats, days: float) -> Floats:
    """[P] log of the probability of no order within so many days, exact also where it is tiny."""
    odds = _odds_of_leaving(model, repeats, last, age)
    silent = (model.r + repeats) * (np.log(model.alpha + age) - np.log(model.alpha + age + days))
    none: Floats = np.logaddexp(np.log(np.maximum(odds, NEVER)), silent) - np.log1p(odds)
    return none


def orders_given_one(model: BuyingModel, repeats: Floats, age: Floats, days: float) -> Floats:
    """[P] expected orders within so many days, given one at least: 1 or more, and never falling with the days.

    Whoever orders was still a customer. Then orders come at a Gamma(r + repeats, alpha + age) rate, thinned by the mean
    chance of leaving after each of them.
    """
    shape, reach = model.r + repeats, days / (model.alpha + age)
    leaving = model.a / (model.a + model.b + repeats)
    orders, chance = (-np.expm1(-shape * np.log1p(each * reach)) for each in (leaving, 1.0))
    expected: Floats = np.maximum(orders / (leaving * chance), 1.0)
    return expected


def _odds_of_leaving(model: BuyingModel, repeats: Floats, last: Floats, age: Floats) -> Floats:
    """[P] of having left over still being there; nobody leaves before the second order."""
    waited = (model.r + repeats) * (np.log(model.alpha + age) - np.log(model.alpha + last))
    odds = model.a / (model.b + np.maximum(repeats, 1.0) - 1.0) * np.exp(np.minimum(waited, 50.0))
    return np.where(repeats > 0, odds, 0.0)


def basket(model: BuyingModel, log_sum: Floats, orders: Floats) -> Floats:
    """[P] typical amount of an order, minor units: the mean log amount, shrunk to that of all customers."""
    typical: Floats = np.exp((log_sum + model.basket_weight * model.basket_mean) / (orders + model.basket_weight))
    return typical
