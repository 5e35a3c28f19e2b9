"""How long a shop remembers what was popular: as long as serves its own held-out orders best."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from events.event import EventType
from scoring.seen.actions import Actions, Floats, Integers
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.view import DAY
from training.material.held_out import Held

MEMORIES = (45.0, 120.0, 20.0, 7.0)
"""Days after which a purchase counts 1/e: from goods that stay for seasons to fashion that is gone in weeks. The first
is for a shop with too few orders to choose by, and is kept where the others are no better."""
MOMENTS = 64
"""At most, at which it is known what was popular then."""

EVER = 1000.0
"""So many purchases weigh as much as what was popular at any time before, for where few were made lately."""
UNHEARD = 0.05
"""Share of what is bought next that popularity knows nothing of."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """R items of orders, each once in an order, oldest first."""

    time: Floats
    item: Integers


@dataclass(frozen=True, slots=True)
class Popularity:
    """What was popular at M moments."""

    moments: Floats
    """[M] ascending."""
    scores: npt.NDArray[np.float32]
    """[M, V + 2] purchases before each moment, recent ones counting more; largest 1."""

    def places(self, times: Floats) -> Integers:
        """[n] which moment is the latest that is not after each time, or the first."""
        return np.maximum(np.searchsorted(self.moments, times, side="right") - 1, 0)


def purchases_of(actions: Actions, left_out: npt.NDArray[np.bool_]) -> Purchases:
    """Known items of all orders, without the actions `left_out` [A]."""
    action = np.repeat(np.arange(len(actions.time)), np.diff(actions.rows))
    some = (actions.items > UNKNOWN) & ((actions.kind == EventType.PURCHASE) & ~left_out)[action]
    action, item = np.unique(np.stack((action[some], actions.items[some])), axis=1)
    order = np.argsort(actions.time[action], kind="stable")
    return Purchases(actions.time[action[order]], item[order])


def popular_at(purchases: Purchases, items: int, moments: Floats, memory: float) -> Popularity:
    """As it was known at each of these ascending moments; `memory` in days."""
    scores = np.zeros((len(moments), items), dtype=np.float32)
    known, ever = np.zeros(items), np.zeros(items)
    ends, begin, latest = np.searchsorted(purchases.time, moments), 0, 0.0
    for place, end in enumerate(ends.tolist()):
        if end > begin:
            time = purchases.time[begin:end]
            fresh = np.bincount(purchases.item[begin:end], np.exp((time - time[-1]) / DAY / memory), minlength=items)
            known = known * np.exp((latest - time[-1]) / DAY / memory) + fresh
            ever += np.bincount(purchases.item[begin:end], minlength=items)
            begin, latest = end, float(time[-1])
        popular = known + EVER * ever / max(float(ever.sum()), 1.0)
        scores[place] = popular / max(float(popular.max()), 1e-12)
    return Popularity(moments, scores)


def remembered(purchases: Purchases, items: int, held: Held) -> tuple[float, Popularity]:
    """The memory in days under which the held-out orders were likeliest when they came, and what was popular then."""
    if not held.telling:
        return MEMORIES[0], Popularity(np.zeros(1), np.zeros((1, items), dtype=np.float32))
    moments = moments_of(held.pairs.as_of)
    found = {memory: popular_at(purchases, items, moments, memory) for memory in MEMORIES}
    best = max(found, key=lambda memory: _likelihood(found[memory], held))
    return best, found[best]


def moments_of(times: Floats) -> Floats:
    """A few of them, ascending; one where there are none."""
    if not len(times):
        return np.zeros(1)
    return np.unique(np.quantile(times, np.linspace(0.0, 1.0, MOMENTS), method="lower"))


def _likelihood(popularity: Popularity, held: Held) -> float:
    """Mean logarithm of an item's chance to be the one that was bought, every order alike."""
    place, total = popularity.places(held.pairs.as_of), np.maximum(popularity.scores.sum(axis=1), 1e-12)
    little = UNHEARD / popularity.scores.shape[1]
    said = (
        np.log((1 - UNHEARD) * popularity.scores[row, items] / total[row] + little).mean()
        for row, items in zip(place.tolist(), held.wanted, strict=True)
    )
    return float(np.mean(list(said)))
