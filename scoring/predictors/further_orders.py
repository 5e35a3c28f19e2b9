"""How many orders come after the first one of a window: the closed form's and a regression's, a half of each.

The closed form believes that a customer comes at one rate for life. Where rates drift, the latest days tell more: it is
also asked as if it had seen those alone, and the shop's own windows say how much that counts.

Expected orders are the chance of one, times one and these. So they are never fewer than that chance, 0 where it is 0,
and never fall with the days.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import nbdtrik

from scoring import buying
from scoring.buying import HORIZON_DAYS, BuyingModel
from scoring.predictors.horizons import rhythm
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES

PREFIX = "further_orders."
MEMORIES = (30, 90)
"""Days, of which alone the closed form is asked beside a life."""
MOST = math.log(HORIZON_DAYS)
"""Of the regression: an order a day."""
FEWEST = 1e-12
"""Orders of the closed form, below which it is not divided by."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How customers of a shop come again within HORIZON_DAYS, if they order at all, as its windows told."""

    weights: Floats
    """[S] of a Poisson regression on the features."""
    bias: float
    recent: Floats
    """[M] shares in the closed form of those that have seen MEMORIES alone; the rest is that of a life."""

    def regression(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P] orders after the first; tabular is [P, S]."""
        return np.exp(np.minimum(tabular.astype(np.float64) @ self.weights + self.bias, MOST))

    def together(self, forms: Floats) -> Floats:
        """[P] likewise, of the closed forms [1 + M, P]."""
        shares = np.append(1.0 - self.recent.sum(), self.recent)
        found: Floats = np.prod(forms ** shares[:, None], axis=0)
        return found

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """For the model folder."""
        parts = {"weights": self.weights, "bias": np.array([self.bias]), "recent": self.recent}
        return {f"{PREFIX}{part}": values for part, values in parts.items()}


def recurrence_from(arrays: Mapping[str, npt.NDArray[np.generic]], features: int) -> Recurrence | None:
    """From the model folder; None where it has none, ValueError where it is not one of S features.

    One of before there were memories has the closed form of a life.
    """
    if f"{PREFIX}weights" not in arrays:
        return None
    shapes = {"weights": (features,), "bias": (1,), "recent": (len(MEMORIES),)}
    lifelong = np.zeros(len(MEMORIES))
    parts = {part: arrays.get(f"{PREFIX}{part}", lifelong).astype(np.float64) for part in shapes}
    for part, shape in shapes.items():
        if parts[part].shape != shape:
            raise ValueError(f"{PREFIX}{part} has shape {parts[part].shape}, expected {shape}")
    return Recurrence(parts["weights"], float(parts["bias"][0]), parts["recent"])


def further_orders(
    days: float, raw: Floats, tabular: npt.NDArray[np.float32], model: BuyingModel, recurrence: Recurrence | None
) -> Floats:
    """[P] orders after the first within so many days, if there is one, of raw [P, F] and normalised features [P, S].

    The geometric mean of both within HORIZON_DAYS, and beyond as the closed form of a life goes on; that alone where
    nothing was told.
    """
    if recurrence is None:
        both = life = closed_form(HORIZON_DAYS, raw, model)
    else:
        forms = closed_forms(raw, model)
        both, life = np.sqrt(recurrence.together(forms) * recurrence.regression(tabular)), forms[0]
    if days == HORIZON_DAYS:
        return both
    return both * closed_form(days, raw, model) / np.maximum(life, FEWEST)


def median_orders(chance: Floats, further: Floats, raw: Floats, model: BuyingModel) -> Floats:
    """[P] half of customers like this one order at most so often: 0 where no order is as likely as one.

    Of chances [P] of an order, and so many expected ones [P] after it. These are as many as a Gamma rate makes them,
    whose shape is what the closed form knows of the customer: a negative binomial.
    """
    shape = model.r + np.maximum(raw[:, NAMES.index("orders")] - 1.0, 0.0)
    within = np.maximum(1.0 - 0.5 / np.maximum(chance, FEWEST), 0.0)
    after = np.ceil(nbdtrik(within, shape, shape / (shape + np.maximum(further, FEWEST))))
    return np.where(chance > 0.5, 1.0 + after, 0.0)  # noqa: PLR2004  a half


def closed_forms(raw: Floats, model: BuyingModel) -> Floats:
    """[1 + M, P] within HORIZON_DAYS: of a life, and of each of MEMORIES."""
    late = (_of_late(memory, raw, model) for memory in MEMORIES)
    return np.stack([closed_form(HORIZON_DAYS, raw, model), *late])


def closed_form(days: float, raw: Floats, model: BuyingModel) -> Floats:
    """[P] likewise, by the closed form alone; who has none yet goes on as if the first one came now."""
    orders, (_, age, _) = raw[:, NAMES.index("orders")], rhythm(raw)
    return buying.orders_given_one(model, np.maximum(orders - 1.0, 0.0), age, days) - 1.0


def _of_late(memory: int, raw: Floats, model: BuyingModel) -> Floats:
    """[P] by the closed form that has seen so many days alone; who came later is known for as long as that."""
    orders, late = (raw[:, NAMES.index(name)] for name in ("orders", f"orders_{memory}"))
    _, age, _ = rhythm(raw)
    repeats = np.where(age > memory, late, np.maximum(orders - 1.0, 0.0))
    return buying.orders_given_one(model, repeats, np.minimum(age, memory), HORIZON_DAYS) - 1.0
