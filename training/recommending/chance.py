"""What is better than something else by more than chance: of many choices always some are on a few orders."""

import numpy as np

from scoring.seen.actions import Floats

ERRORS = 2.0
"""Standard errors that a mean lies above 0, where it is not by chance."""


def beyond_chance(better: Floats) -> bool:
    """Whether what is `better` by so much for each of n customers is so for such customers."""
    return bool(better.mean() > ERRORS * better.std() / np.sqrt(len(better)))
