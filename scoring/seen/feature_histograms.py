"""How features are spread over customers: counts in fixed bins of what the network reads."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from scoring.seen.normalisation import LIMIT

EDGES = np.arange(-LIMIT + 0.5, LIMIT, 0.5)
"""Half a standard deviation wide; the first and the last bin have what lies beyond."""
BINS = len(EDGES) + 1

Histograms = Mapping[str, Sequence[int]]
"""Feature to counts [BINS]."""


def histograms(names: Sequence[str], tabular: npt.NDArray[np.float32]) -> dict[str, list[int]]:
    """Of S selected features over P questions [P, S]."""
    places = np.digitize(tabular, EDGES)
    return {name: np.bincount(places[:, place], minlength=BINS).tolist() for place, name in enumerate(names)}
