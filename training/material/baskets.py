"""First orders, cut in two: what is recommended to whom nobody knows is tuned on them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from events.event import EventType
from scoring.seen.actions import Actions, Integers, Pairs
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import Tokens
from training.material.held_out import Held

SHARE, MOST_ORDERS = 0.2, 2000
"""Of all first orders the newest."""


@dataclass(frozen=True, slots=True)
class Baskets:
    """First orders of n customers, of which a part lies in the basket."""

    held: Held
    """[n] asked when the order came: `wanted` is the rest of it, `bought` and `begun` are the basket, latest last."""
    left_out: npt.NDArray[np.bool_]
    """[A] true at the actions of these orders."""


def baskets_of(tokens: Tokens, *, seed: int) -> Baskets:
    """The newest first orders that are more than one item of which nothing was known before."""
    actions, random = tokens.actions, np.random.default_rng(seed)
    left_out = np.zeros(len(actions.time), dtype=bool)
    asked, baskets, wanted = [], [], []
    for begin, order in _first_orders(actions):
        items = np.concatenate([actions.items[actions.rows[p] : actions.rows[p + 1]] for p in order.tolist()])
        items = items[np.sort(np.unique(items, return_index=True)[1])]
        items = items[items > UNKNOWN]
        fewest = int(order[0] == begin)
        if len(items) > fewest:
            cut = int(random.integers(fewest, len(items)))
            asked.append(order[0])
            baskets.append(items[:cut])
            wanted.append(items[cut:])
            left_out[order] = True
    last = np.array(asked, dtype=np.int64)
    owner = np.searchsorted(actions.offsets, last, side="right") - 1
    pairs = Pairs(customer=owner, as_of=actions.time[last], first=actions.offsets[owner], last=last)
    return Baskets(Held(pairs, wanted, baskets, baskets), left_out)


def _first_orders(actions: Actions) -> Iterator[tuple[int, Integers]]:
    """The first action of each of these customers, and those of the order: several where it is read line by line."""
    orders = np.flatnonzero(actions.kind == EventType.PURCHASE)
    owner = np.searchsorted(actions.offsets, orders, side="right") - 1
    customers, starts = np.unique(owner, return_index=True)
    ends = np.append(starts[1:], len(orders))
    newest = np.argsort(-actions.time[orders[starts]], kind="stable")
    ids = actions.histories.order_id
    for row in newest[: min(round(SHARE * len(customers)), MOST_ORDERS)].tolist():
        mine = orders[starts[row] : ends[row]]
        lines = ids[actions.rows[mine]]
        same = np.equal(lines, lines[0]).astype(bool) & lines.astype(bool)
        same[0] = True
        yield int(actions.offsets[customers[row]]), mine[same]
