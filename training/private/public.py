"""What a private network knows before it learns: constants that hold for any shop, measured on no customer.

Centre and width of a feature follow from its unit, as those of the numbers of an action do (`scoring.seen.sequence`).
"""

from collections.abc import Mapping

import numpy as np
import torch

from scoring.networks.network import HORIZONS, Network
from scoring.seen.feature_registry import FEATURES, NAMES
from scoring.seen.normalisation import Normaliser
from scoring.seen.view import DAY

SPREAD: Mapping[str, tuple[float, float]] = {
    "days": (4.0, 1.5), "orders": (1.0, 1.0), "orders a month": (0.5, 0.7), "events": (1.5, 1.5),
    "minor units": (9.0, 2.0), "minor units a month": (8.0, 2.0), "log units": (0.4, 0.4), "ratio": (1.0, 1.0),
    "log ratio": (0.0, 1.0), "returns": (0.3, 0.6), "share": (0.3, 0.3), "items": (2.0, 1.0), "categories": (1.5, 1.0),
    "lines": (1.5, 1.0), "units": (1.5, 1.0), "views": (1.5, 1.5), "carts": (1.0, 1.0), "seconds": (3.0, 2.0),
    "reviews": (0.3, 0.6), "stars": (3.0, 1.5), "coupons": (0.7, 0.8), "messages": (0.7, 0.8),
    "probability": (0.0, 3.0), "days a month": (0.8, 0.8), "visits": (1.0, 0.8),
}  # fmt: skip
"""Mean and standard deviation of a feature on its scale, by its unit."""
NORMALISER = Normaliser(
    names=NAMES,
    mean=np.array([SPREAD[feature.unit][0] for feature in FEATURES]),
    deviation=np.array([SPREAD[feature.unit][1] for feature in FEATURES]),
    dropped={},
)
HAZARDS = (-1.5, -2.0, -2.0)
"""Logits of an order in each interval."""
LOG_SPEND = 9.0
HISTORY = 730 * DAY
"""How long a shop is taken to have been there: when it began would tell of its first customer."""


def begin(network: Network) -> None:
    """Let a fresh network start here, blind to its features."""
    rest = [LOG_SPEND, 0.0, 0.0]
    with torch.no_grad():
        network.heads.bias.copy_(torch.tensor([*HAZARDS, *rest][: len(HORIZONS) + len(rest)]))
