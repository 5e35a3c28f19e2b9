"""How often and for how much a customer buys, in closed form: BG/NBD for the rhythm, a shrunk log mean for the basket.

Fader, Hardie and Lee, "Counting your customers" the easy way (Marketing Science 2005): a customer orders as a Poisson
process with a Gamma(r, alpha) rate, and leaves after each order with a Beta(a, b) probability.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HORIZON_DAYS = 90.0


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


UNFITTED = BuyingModel(r=0.5, alpha=60.0, a=0.5, b=2.0, basket_mean=8.0, basket_weight=2.0)
"""A mild prior, for a shop with too few customers to fit."""


def alive(model: BuyingModel, repeats: Floats, last: Floats, age: Floats) -> Floats:
    """[P] probability of still being a customer: `repeats` orders after the first, the last at day `last` of `age`."""
    waited = (model.r + repeats) * (np.log(model.alpha + age) - np.log(model.alpha + last))
    odds = model.a / (model.b + np.maximum(repeats, 1.0) - 1.0) * np.exp(np.minimum(waited, 50.0))
    return np.where(repeats > 0, 1.0 / (1.0 + odds), 1.0)


def rate(model: BuyingModel, repeats: Floats, age: Floats) -> Floats:
    """[P] expected orders a day while active."""
    return (model.r + repeats) / (model.alpha + age)


def chance(model: BuyingModel, repeats: Floats, last: Floats, age: Floats) -> Floats:
    """[P] probability of at least one order within the horizon."""
    silent: Floats = np.exp(
        (model.r + repeats) * (np.log(model.alpha + age) - np.log(model.alpha + age + HORIZON_DAYS))
    )
    return alive(model, repeats, last, age) * (1.0 - silent)


def basket(model: BuyingModel, log_sum: Floats, orders: Floats) -> Floats:
    """[P] typical amount of an order, minor units: the mean log amount, shrunk to that of all customers."""
    typical: Floats = np.exp((log_sum + model.basket_weight * model.basket_mean) / (orders + model.basket_weight))
    return typical
