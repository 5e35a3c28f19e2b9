"""Which items go with which: the sequential co-occurrence matrix."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from events.event import EventType
from scoring.bought import SPEAKING
from scoring.seen.actions import Actions, Floats
from scoring.seen.catalogue import UNKNOWN
from scoring.together import Together
from training.recommending.habits import Habits
from training.recommending.popularity import popular_at, purchases_of
from training.recommending.regression import regressed

WINDOW = 5
"""Actions between two items that still count as one after the other."""
MOST_FOLLOWERS, MOST_PAIRS = 200, 2_000_000
"""Of one item, or what a small catalogue has room for; the weakest beyond are dropped, which bounds the folder."""
ROWS = 4096
"""Items whose followers are weighed at once."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """How often [V + 2, V + 2] items of the columns were bought close to those of the rows."""

    after: sparse.csr_matrix
    """1 / gap for each purchase within WINDOW actions after, 1 for each order that holds both."""
    before: sparse.csr_matrix
    """1 / gap for each purchase within WINDOW actions before."""
    seen: Floats
    """[V + 2] actions that hold each item."""
    had: sparse.csr_matrix
    """[C, V + 2] 1 where a customer's actions hold an item."""

    def weighed(self, habits: Habits) -> sparse.csr_matrix:
        """As these habits have it; what nearly everybody does says little, so a row counts by the root of `seen`."""
        if habits.regressed:
            return _strongest(sparse.csr_matrix(regressed(self.had)), self._most)
        parts = [self._weighed(habits, slice(start, start + ROWS)) for start in range(0, len(self.seen), ROWS)]
        return sparse.csr_matrix(sparse.vstack(parts, format="csr"))

    def _weighed(self, habits: Habits, rows: slice) -> sparse.csr_matrix:
        """Some rows, their weakest left out: all of them at once would take several times the memory."""
        seen = np.maximum(self.seen, 1.0)
        both = sparse.csr_matrix(self.after[rows] + habits.before * self.before[rows])
        of_row = np.repeat(seen[rows] ** -0.5, np.diff(both.indptr))
        weights = (both.data * of_row * (seen**-habits.rarity)[both.indices]).astype(np.float32)
        return _strongest(sparse.csr_matrix((weights, both.indices, both.indptr), shape=both.shape), self._most)

    @property
    def _most(self) -> int:
        return max(MOST_FOLLOWERS, MOST_PAIRS // len(self.seen))


def fit_together(
    actions: Actions, pairs: Pairs, *, until: float, left_out: npt.NDArray[np.bool_], habits: Habits
) -> Together:
    """From all actions before `until`, without the `left_out` [A] ones, as `pairs` are."""
    popular = popular_at(purchases_of(actions, left_out), len(pairs.seen), np.array([until]), habits.popular_days)
    return Together(weights=pairs.weighed(habits), popular=popular.scores[0].astype(np.float64))


def pairs_of_items(actions: Actions, items: int, *, until: float, left_out: npt.NDArray[np.bool_]) -> Pairs:
    """From all actions before `until`, without the `left_out` [A] ones."""
    usable = np.isin(actions.kind, SPEAKING) & (actions.time < until) & ~left_out
    place = np.flatnonzero(usable)
    owner = np.searchsorted(actions.offsets, place, side="right") - 1
    seen = _incidence(actions, place, items)
    bought = (actions.kind[place] == EventType.PURCHASE).astype(np.float32)
    targets = sparse.csr_matrix(sparse.diags_array(bought) @ seen)
    after = sparse.csr_matrix(targets.T @ targets)
    after.setdiag(0.0)
    before = sparse.csr_matrix(after.shape, dtype=np.float32)
    for gap in range(1, WINDOW + 1):
        same = sparse.diags_array((owner[gap:] == owner[:-gap]).astype(np.float32) / gap)
        after = after + (same @ seen[:-gap]).T @ targets[gap:]
        before = before + (same @ seen[gap:]).T @ targets[:-gap]
    shape = (len(actions.offsets) - 1, len(place))
    mine = sparse.csr_matrix((np.ones(len(place), np.float32), (owner, np.arange(len(place)))), shape=shape)
    return Pairs(after, before, np.asarray(seen.sum(axis=0), dtype=np.float64).ravel(), (mine @ seen).sign())


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


def _strongest(weights: sparse.csr_matrix, most: int) -> sparse.csr_matrix:
    """So many of each row."""
    weights.eliminate_zeros()
    weights.sort_indices()
    keep = np.ones(weights.nnz, dtype=bool)
    for row in np.flatnonzero(np.diff(weights.indptr) > most).tolist():
        begin, stop = weights.indptr[row], weights.indptr[row + 1]
        keep[begin:stop] = largest(weights.data[begin:stop], most)
    weights.data[~keep] = 0.0
    weights.eliminate_zeros()
    return weights


def largest(values: npt.NDArray[np.float32], most: int) -> npt.NDArray[np.bool_]:
    """So many of more; of equal ones the first."""
    least = np.partition(values, -most)[-most]
    kept: npt.NDArray[np.bool_] = values > least
    kept[np.flatnonzero(values == least)[: most - kept.sum()]] = True
    return kept
