"""Orders that were held out, for recommendation to be tuned on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.bought import begun_by, bought_by
from scoring.seen.actions import Integers, Pairs
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import Tokens

MOST_CUSTOMERS = 8000
FEWEST_CUSTOMERS = 30


@dataclass(frozen=True, slots=True)
class Held:
    """Held-out orders of n customers."""

    pairs: Pairs
    """[n] asked at the moment of the held-out order."""
    wanted: list[Integers]
    """[n] known items of that order."""
    bought: list[Integers]
    """[n] items bought before."""
    begun: list[Integers]
    """[n] items of the order that may be going on, see `begun_by`."""

    @property
    def telling(self) -> bool:
        """Whether anything can be chosen by them."""
        return len(self.pairs) >= FEWEST_CUSTOMERS


def held_out(tokens: Tokens, last: npt.NDArray[np.bool_], *, seed: int) -> Held:
    """A sample of the customers' last orders, as far as they hold a known item."""
    actions = tokens.actions
    place = np.random.default_rng(seed).permutation(np.flatnonzero(last))[:MOST_CUSTOMERS]
    earlier = place - actions.offsets[np.searchsorted(actions.offsets, place, side="right") - 1]
    place = place[np.argsort(earlier, kind="stable")]  # sequences of similar length share a batch
    orders = [np.unique(actions.items[actions.rows[p] : actions.rows[p + 1]]) for p in place]
    wanted = [items[items > UNKNOWN] for items in orders]
    some = np.array([len(items) > 0 for items in wanted], dtype=bool)
    place = place[some]
    owner = np.searchsorted(actions.offsets, place, side="right") - 1
    pairs = Pairs(customer=owner, as_of=actions.time[place], first=actions.offsets[owner], last=place)
    told = [items for items in wanted if len(items)]
    return Held(pairs, told, bought_by(tokens, pairs), begun_by(tokens, pairs))
