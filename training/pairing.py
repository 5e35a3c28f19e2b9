"""Which items follow which: the sequential co-occurrence matrix and recent popularity."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from events.event import EventType
from scoring.actions import Actions
from scoring.catalogue import UNKNOWN
from scoring.recommendation import SPEAKING
from scoring.together import Together
from scoring.view import DAY

WINDOW = 5
"""Actions between two items that still count as one after the other."""
MOST_FOLLOWERS = 200
"""Of one item; the weakest beyond are dropped, which bounds the folder."""
POPULAR_DAYS = 45.0
"""Age at which a purchase counts 1/e for popularity."""


def fit_together(actions: Actions, items: int, *, until: float, left_out: npt.NDArray[np.bool_]) -> Together:
    """From all actions before `until`, without the `left_out` [A] ones.

    The weight of (i, j) sums 1 / gap over each purchase of j within WINDOW actions after an action on i, and 1 for each
    order that holds both.
    """
    usable = np.isin(actions.kind, SPEAKING) & (actions.time < until) & ~left_out
    place = np.flatnonzero(usable)
    owner = np.searchsorted(actions.offsets, place, side="right") - 1
    seen = _incidence(actions, place, items)
    bought = (actions.kind[place] == EventType.PURCHASE).astype(np.float32)
    targets = sparse.csr_matrix(sparse.diags_array(bought) @ seen)
    weights = sparse.csr_matrix(targets.T @ targets)
    weights.setdiag(0.0)
    for gap in range(1, WINDOW + 1):
        same = (owner[gap:] == owner[:-gap]).astype(np.float32) / gap
        weights = weights + (sparse.diags_array(same) @ seen[:-gap]).T @ targets[gap:]
    weights = _strongest(sparse.csr_matrix(weights))
    age = (until - actions.time[place]) / DAY
    popular = np.asarray((bought * np.exp(-(age - age.min(initial=0.0)) / POPULAR_DAYS)) @ seen).ravel()
    return Together(weights=weights, popular=popular / max(float(popular.max(initial=0.0)), 1e-12))


def _incidence(actions: Actions, place: npt.NDArray[np.int64], items: int) -> sparse.csr_matrix:
    """[O, items] 1 where an action holds a known item."""
    length = actions.rows[place + 1] - actions.rows[place]
    row = np.repeat(np.arange(len(place)), length)
    source = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length) + actions.rows[place][row]
    number = actions.items[source]
    known = number > UNKNOWN
    table = sparse.csr_matrix(
        (np.ones(known.sum(), np.float32), (row[known], number[known])), shape=(len(place), items)
    )
    table.data[:] = 1.0
    return table


def _strongest(weights: sparse.csr_matrix) -> sparse.csr_matrix:
    weights.eliminate_zeros()
    weights.sort_indices()
    keep = np.ones(weights.nnz, dtype=bool)
    for row in np.flatnonzero(np.diff(weights.indptr) > MOST_FOLLOWERS).tolist():
        begin, stop = weights.indptr[row], weights.indptr[row + 1]
        ranks = np.argsort(np.argsort(-weights.data[begin:stop], kind="stable"), kind="stable")
        keep[begin:stop] = ranks < MOST_FOLLOWERS
    weights.data[~keep] = 0.0
    weights.eliminate_zeros()
    return weights
