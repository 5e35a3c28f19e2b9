"""Visits: what a customer did in one go."""

import numpy as np

from scoring.bought import SPEAKING
from scoring.seen.actions import Actions, Integers, Pairs

GAP = 3600.0
"""Seconds without an action after which a visit is over. Half of it, as web analytics count, cuts a visit in two where
somebody thinks it over, and what was looked at before the cut gives away what is bought after it."""


def visits_begin(actions: Actions, pairs: Pairs) -> Integers:
    """[P] the first action of the visit under way at the as-of time; `pairs.last` where there is none."""
    begins = []
    for first, last, as_of in zip(pairs.first.tolist(), pairs.last.tolist(), pairs.as_of.tolist(), strict=True):
        own = np.append(np.flatnonzero(np.isin(actions.kind[first:last], SPEAKING)) + first, last)
        pauses = np.diff(np.append(actions.time[own[:-1]], as_of)) > GAP
        begins.append(own[np.flatnonzero(np.append(True, pauses))[-1]])
    return np.array(begins, dtype=np.int64)
