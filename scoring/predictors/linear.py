"""A linear predictor: logits of the hazards and the mean of log spend, straight from the features."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.networks.network import HORIZONS
from scoring.seen.actions import Floats


@dataclass(frozen=True, slots=True)
class Linear:
    """H rows for the hazards and one for log spend, over S features."""

    weights: Floats
    """[H + 1, S]"""
    bias: Floats
    """[H + 1]"""

    def hazards(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P, H] logits; tabular is [P, S]."""
        return tabular.astype(np.float64) @ self.weights[:-1].T + self.bias[:-1]

    def log_spend(self, tabular: npt.NDArray[np.float32]) -> Floats:
        """[P] mean, given an order."""
        said: Floats = tabular.astype(np.float64) @ self.weights[-1] + self.bias[-1]
        return said

    def silence(self, tabular: npt.NDArray[np.float32]) -> None:
        """Nothing: the networks begin at what a linear model says of it."""

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """For the model folder."""
        return {f"{name}.weights": self.weights, f"{name}.bias": self.bias}


def linear_from(arrays: dict[str, npt.NDArray[np.generic]], name: str, features: int) -> Linear:
    """From the model folder; KeyError or ValueError where the arrays are not a predictor of S features."""
    weights, bias = (arrays[f"{name}.{part}"].astype(np.float64) for part in ("weights", "bias"))
    rows = len(HORIZONS) + 1
    if weights.shape != (rows, features) or bias.shape != (rows,):
        raise ValueError(f"{name} has shape {weights.shape}, expected ({rows}, {features})")
    return Linear(weights, bias)
