"""Held-out orders as a list foretells them that was made ahead of the visit."""

from dataclasses import replace

import numpy as np

from events.event import EventType
from scoring.bought import bought_by
from scoring.seen.sequence import Tokens
from scoring.visits import visits_begin
from training.material.held_out import Held

MOST_ORDERS = 2000
LOOKED = 0.1
"""Share of orders before which something was looked at in the same visit, below which the visits tell too little for
lists without them to be others."""


def ahead_of(tokens: Tokens, orders: Held, *, seed: int) -> Held:
    """A sample of the orders, asked as their visits began; none of a shop that records orders alone.

    Of customers who had bought something by then: there is another blend for who has not.
    """
    actions, order = tokens.actions, orders.pairs.last
    begin = visits_begin(actions, orders.pairs)
    pairs = replace(orders.pairs, as_of=actions.time[begin], last=begin)
    bought = bought_by(tokens, pairs)
    known = np.flatnonzero([len(items) > 0 for items in bought])
    looks = np.append(0, np.cumsum(np.isin(actions.kind, (EventType.VIEW, EventType.CART))))
    if not len(known) or (looks[order] > looks[begin])[known].mean() < LOOKED:
        known = known[:0]
    some = np.sort(np.random.default_rng(seed).permutation(known)[:MOST_ORDERS]).tolist()
    return Held(
        pairs.some(np.array(some, dtype=np.int64)), [orders.wanted[place] for place in some],
        [bought[place] for place in some], [bought[place][:0] for place in some],
    )  # fmt: skip
