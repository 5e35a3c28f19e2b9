"""The order of a list: the best first, or the best among what is unlike."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from scoring.seen.actions import Floats

HIDDEN = -np.inf
PILES = 512
"""Into which a catalogue is laid out: the largest of each tell below what nothing is among the best."""


def top(scores: Floats, count: int) -> npt.NDArray[np.int64]:
    """Places of the largest scores that are not hidden, best first; ties by place."""
    count = min(count, len(scores))
    piles = np.maximum.reduceat(scores, np.arange(0, len(scores), max(len(scores) // max(PILES, count), 1)))
    least = np.partition(piles, -count)[-count]
    good = np.flatnonzero((scores >= least) & (scores > HIDDEN))
    return good[np.argsort(-scores[good], kind="stable")[:count]].astype(np.int64)


def spread(
    numbers: npt.NDArray[np.int64], scores: Floats, words: sparse.csr_matrix, count: int, diversity: float
) -> npt.NDArray[np.int64]:
    """Maximal marginal relevance (Carbonell and Goldstein 1998): each next item is good and unlike those before it."""
    if len(numbers) == 0:
        return numbers
    rows = words[numbers]
    alike = np.asarray((rows @ rows.T).todense())
    good = (scores - scores.min()) / max(float(np.ptp(scores)), 1e-12)
    chosen: list[int] = []
    nearest = np.zeros(len(numbers))
    for _ in range(min(count, len(numbers))):
        gain = (1 - diversity) * good - diversity * nearest
        gain[chosen] = HIDDEN
        chosen.append(int(gain.argmax()))
        nearest = np.maximum(nearest, alike[chosen[-1]])
    return numbers[chosen]
