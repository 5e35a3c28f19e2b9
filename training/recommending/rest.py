"""How soon customers come back to what they bought: at once, as to music, or once it is used up, as to groceries."""

import numpy as np
import numpy.typing as npt

from events.event import EventType
from scoring.again import STEPS, again_of
from scoring.seen.actions import Pairs
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import Tokens

MOST_ORDERS = 4000
FEW = 10.0
"""Purchases that are added to either count: of few, all is as usual."""


def rest_of(tokens: Tokens, left_out: npt.NDArray[np.bool_], items: int, *, seed: int) -> tuple[float, ...]:
    """[STEPS] purchases of what was last bought so many orders ago, for one that the usual scores let expect.

    Counted in orders that are not `left_out` [A].
    """
    actions = tokens.actions
    orders = np.flatnonzero((actions.kind == EventType.PURCHASE) & ~left_out)
    place = np.sort(np.random.default_rng(seed).permutation(orders)[:MOST_ORDERS])
    owner = np.searchsorted(actions.offsets, place, side="right") - 1
    pairs = Pairs(customer=owner, as_of=actions.time[place], first=actions.offsets[owner], last=place)
    bought = again_of(tokens, pairs, items)
    row = np.repeat(np.arange(len(place)), np.diff(bought.scores.indptr))
    length = actions.rows[place + 1] - actions.rows[place]
    line = np.repeat(actions.rows[place] - np.cumsum(length) + length, length) + np.arange(length.sum())
    wanted = np.repeat(np.arange(len(place)), length) * items + actions.items[line]
    came = np.isin(row * items + bought.scores.indices, wanted[actions.items[line] > UNKNOWN])
    share = bought.scores.data / np.bincount(row, bought.scores.data, minlength=len(place))[row]
    expected = share * np.bincount(row, came, minlength=len(place))[row]
    counts = (np.bincount(bought.step, weights, minlength=STEPS) + FEW for weights in (came, expected))
    found, usual = counts
    return tuple(np.round(found / usual, 3).tolist())
