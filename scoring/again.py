"""What a customer buys again: often and lately bought items, as memory needs them again."""

import numpy as np
from scipy import sparse

from events.event import EventType
from scoring.seen.actions import Floats, Pairs
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import Tokens
from scoring.seen.view import DAY

FADING = 0.25
"""A purchase speaks with the days since it to minus this power (as memory does: Anderson and Schooler 1991)."""
HARDLY = 1e-4
"""How popular what a customer bought is at least, beside what is most: of a new item nobody else may be known."""


def again_of(tokens: Tokens, pairs: Pairs, items: int) -> sparse.csr_matrix:
    """[C, items] of the known items that each customer bought before the as-of time, 0 elsewhere."""
    actions, kind = tokens.actions, tokens.actions.histories.event_type
    first, last = actions.rows[pairs.first], actions.rows[pairs.last]
    row = np.repeat(np.arange(len(pairs)), last - first)
    place = np.arange(len(row)) + np.repeat(first - np.cumsum(last - first) + (last - first), last - first)
    some = (kind[place] == EventType.PURCHASE) & (actions.items[place] > UNKNOWN)
    row, place = row[some], place[some]
    days = (pairs.as_of[row] - actions.histories.time[place]) / DAY
    speaks = (1.0 + days) ** -FADING
    return sparse.csr_matrix((speaks, (row, actions.items[place])), shape=(len(pairs), items))


def in_fashion(scores: Floats, popular: Floats, power: float) -> Floats:
    """The scores of items of which it is known how `popular` they are, the largest 1: a customer follows the others."""
    followed: Floats = scores * np.maximum(popular, HARDLY) ** power
    return followed
