"""What is believed of a shop before it has told much: that it is as the closed form says."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from scoring.buying import HORIZON_DAYS, BuyingModel
from scoring.networks.network import HORIZONS, Outputs
from scoring.predictors.further_orders import closed_form
from scoring.predictors.horizons import log_no_order
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES


@dataclass(frozen=True, slots=True)
class Belief:
    """Of P questions; NaN of who has not ordered."""

    tabular: npt.NDArray[np.float32]
    """[P, S] normalised features."""
    hazards: Floats
    """[P, H]"""
    log_spend: Floats
    """[P] within the longest horizon, given an order, minor units."""


def belief_of(raw: Floats, tabular: npt.NDArray[np.float32], model: BuyingModel) -> Belief:
    """From raw features [P, F] and normalised ones [P, S]."""
    ordered = raw[:, NAMES.index("orders")] > 0
    none = np.stack([log_no_order(days, raw, model) for days in (0.0, *HORIZONS)], axis=1)
    basket = np.where(ordered, raw[:, NAMES.index("expected_basket")], np.nan)
    return Belief(
        tabular=tabular,
        hazards=np.where(ordered[:, None], -np.expm1(np.diff(none, axis=1)), np.nan),
        log_spend=np.log(np.maximum(basket * (1.0 + closed_form(HORIZON_DAYS, raw, model)), 1.0)),
    )


def disbelief(outputs: Outputs, belief: Belief, shares: Tensor) -> Tensor:
    """[P] the loss of labels as it says, of amounts that spread by a factor of e; 0 where it says nothing.

    `shares` [H + 1] are how much each hazard and spend count.

    How far amounts spread it does not teach: a spread that the loss knew and its gradient did not would lead the
    search astray.
    """
    hazards, log_spend = torch.from_numpy(belief.hazards), torch.from_numpy(belief.log_spend)
    known, chance = log_spend.isfinite(), hazards.nan_to_num(0.5)
    reached = torch.cat((torch.ones_like(chance[:, :1]), (1 - chance[:, :-1]).cumprod(dim=1)), dim=1)
    orders = functional.binary_cross_entropy_with_logits(outputs.hazards, chance, reduction="none") * reached
    apart = log_spend.nan_to_num(0.0) - outputs.log_mean
    return known * ((orders * shares[:-1]).sum(dim=-1) + shares[-1] * apart.square() / 2)
