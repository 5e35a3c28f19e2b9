"""How many orders come after the first one of a window: the closed form's and a regression's, a half of each.

Expected orders are the chance of one, times one and these. So they are never fewer than that chance, 0 where it is 0,
and never fall with the days.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring import buying
from scoring.buying import HORIZON_DAYS, BuyingModel
from scoring.predictors.horizons import rhythm
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES

PREFIX = "further_orders."
MOST = math.log(HORIZON_DAYS)
"""Of the regression: an order a day."""
FEWEST = 1e-12
"""Orders of the closed form, below which it is not divided by."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Poisson regression of the orders after the first within HORIZON_DAYS, for who orders at all, on the features."""

    weights: Floats
    """[S]"""
    bias: float

    def __call__(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P] orders; tabular is [P, S]."""
        return np.exp(np.minimum(tabular.astype(np.float64) @ self.weights + self.bias, MOST))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """For the model folder."""
        return {f"{PREFIX}weights": self.weights, f"{PREFIX}bias": np.array([self.bias])}


def regression_from(arrays: Mapping[str, npt.NDArray[np.generic]], features: int) -> Regression | None:
    """From the model folder; None where it has none, ValueError where it is not one of S features."""
    if f"{PREFIX}weights" not in arrays:
        return None
    weights, bias = (arrays[f"{PREFIX}{part}"].astype(np.float64) for part in ("weights", "bias"))
    if weights.shape != (features,) or bias.shape != (1,):
        raise ValueError(f"{PREFIX}weights has shape {weights.shape}, expected ({features},)")
    return Regression(weights, float(bias[0]))


def further_orders(
    days: float, raw: Floats, tabular: npt.NDArray[np.float32], model: BuyingModel, regression: Regression | None
) -> Floats:
    """[P] orders after the first within so many days, if there is one, of raw [P, F] and normalised features [P, S].

    The geometric mean of both within HORIZON_DAYS, and beyond as the closed form goes on; the closed form's alone
    without a regression.
    """
    closed = closed_form(HORIZON_DAYS, raw, model)
    both = closed if regression is None else np.sqrt(closed * regression(tabular))
    if days == HORIZON_DAYS:
        return both
    return both * closed_form(days, raw, model) / np.maximum(closed, FEWEST)


def closed_form(days: float, raw: Floats, model: BuyingModel) -> Floats:
    """[P] likewise, by the closed form alone; who has none yet goes on as if the first one came now."""
    orders, (_, age, _) = raw[:, NAMES.index("orders")], rhythm(raw)
    return buying.orders_given_one(model, np.maximum(orders - 1.0, 0.0), age, days) - 1.0
