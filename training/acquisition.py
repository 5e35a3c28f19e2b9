"""Of whom to learn next: customers whose outcome would tell a model most, when asking or testing costs something.

Uncertain ones first, but not all of one kind: greedily the one with the largest uncertainty times distance from who is
known or chosen already (core-sets, Sener and Savarese 2018, weighted by uncertainty as in Ash et al. 2020).
"""

import numpy as np
import numpy.typing as npt

from scoring.seen.actions import Floats, Integers


def uncertainty(probability: Floats) -> Floats:
    """[P] 1 at a chance of one half, 0 where the outcome is certain."""
    return np.asarray(2.0 * np.sqrt(probability * (1.0 - probability)))


def next_to_learn_of(
    tabular: npt.NDArray[np.float32], probability: Floats, known: npt.NDArray[np.bool_], count: int
) -> Integers:
    """Places of up to `count` of P customers, the most telling first.

    `tabular` [P, S] are normalised features, `probability` [P] what the model says now, `known` [P] marks customers
    whose outcome is known.
    """
    features = np.asarray(tabular, dtype=np.float64)
    doubt, chosen = uncertainty(probability), known.copy()
    nearest = _nearest(features, np.flatnonzero(known))
    found: list[int] = []
    for _ in range(min(count, int((~known).sum()))):
        worth = np.where(chosen, -1.0, doubt * nearest)
        place = int(np.argmax(worth))
        found.append(place)
        chosen[place] = True
        nearest = np.minimum(nearest, _distance(features, place))
    return np.array(found, dtype=np.int64)


def _nearest(features: Floats, known: Integers) -> Floats:
    """[P] distance to the nearest of those known; to the mean customer, where nobody is."""
    if len(known) == 0:
        return np.asarray(np.linalg.norm(features, axis=1))
    nearest = np.full(len(features), np.inf)
    for place in known.tolist():
        nearest = np.minimum(nearest, _distance(features, place))
    return nearest


def _distance(features: Floats, place: int) -> Floats:
    return np.asarray(np.linalg.norm(features - features[place], axis=1))
