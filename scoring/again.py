"""What a customer buys again: often and lately bought items, as memory needs them again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from events.event import EventType
from scoring.seen.actions import Floats, Integers, Pairs
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import Tokens
from scoring.seen.view import DAY

FADING = 0.25
"""A purchase speaks with the days since it to minus this power (as memory does: Anderson and Schooler 1991)."""
HARDLY = 1e-4
"""How popular what a customer bought is at least, beside what is most: of a new item nobody else may be known."""
STEPS = 16
"""Of orders since, each 1.4 times the one before: 1, 2, 3, 4 and 5, 6 and 7, 8 to 11, … 182 and more."""


@dataclass(frozen=True, slots=True)
class Bought:
    """Known items that each of C customers bought before the as-of time."""

    scores: sparse.csr_matrix
    """[C, items] how often and how lately, 0 elsewhere."""
    step: Integers
    """Of each of these scores, how many orders ago it was last bought, in STEPS."""


def again_of(tokens: Tokens, pairs: Pairs, items: int) -> Bought:
    """What each customer bought before the as-of time."""
    actions, kind = tokens.actions, tokens.actions.histories.event_type
    first, last = actions.rows[pairs.first], actions.rows[pairs.last]
    row = np.repeat(np.arange(len(pairs)), last - first)
    place = np.arange(len(row)) + np.repeat(first - np.cumsum(last - first) + (last - first), last - first)
    some = (kind[place] == EventType.PURCHASE) & (actions.items[place] > UNKNOWN)
    row, place = row[some], place[some]
    days = (pairs.as_of[row] - actions.histories.time[place]) / DAY
    orders = np.append(0, np.cumsum(actions.kind == EventType.PURCHASE))
    since = orders[pairs.last[row]] - orders[np.searchsorted(actions.rows, place, side="right") - 1]
    found, which = np.unique(row * items + actions.items[place], return_inverse=True)
    latest = np.full(len(found), np.iinfo(np.int64).max)
    np.minimum.at(latest, which, since)
    scores = np.bincount(which, (1.0 + days) ** -FADING, minlength=len(found))
    starts = np.searchsorted(found, np.arange(len(pairs) + 1) * items)
    table = sparse.csr_matrix((scores, found % items, starts), shape=(len(pairs), items))
    return Bought(table, np.minimum((2 * np.log2(latest)).astype(np.int64), STEPS - 1))


def rested(scores: Floats, step: Integers, rest: Sequence[float]) -> Floats:
    """The scores of items last bought so many orders ago, as the shop's customers come back to them."""
    return scores * np.asarray(rest)[step] if len(rest) else scores


def in_fashion(scores: Floats, popular: Floats, power: float) -> Floats:
    """The scores of items of which it is known how `popular` they are, the largest 1: a customer follows the others."""
    followed: Floats = scores * np.maximum(popular, HARDLY) ** power
    return followed
