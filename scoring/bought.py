"""What a customer did and bought before the as-of time, as far as recommendation reads it."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from scipy import sparse

from events.event import EventType
from scoring.seen.actions import Actions, Integers, Pairs
from scoring.seen.catalogue import UNKNOWN
from scoring.seen.sequence import Tokens

CONTEXT = 20
"""Latest actions whose items speak for the customer."""
EVEN, EVEN_CONTEXT = 1.0, 100
"""Decay under which all speak alike, and how many do then."""
SPEAKING = (EventType.VIEW, EventType.CART, EventType.PURCHASE, EventType.REVIEW)


class Returning(StrEnum):
    """What of that which a customer bought may come again."""

    NOTHING = "nothing"
    ALL = "all"
    LATER = "all, but not in the same order"

    def hidden(self, bought: Integers, begun: Integers) -> Integers:
        """What of the customer's may not, of what they bought and of the order that they have begun."""
        match self:
            case Returning.NOTHING:
                return bought
            case Returning.LATER:
                return begun
            case Returning.ALL:
                return bought[:0]


def context_of(
    tokens: Tokens, pairs: Pairs, items: int, decay: float | Sequence[float], session: Sequence[Integers]
) -> sparse.csr_matrix:
    """[C, items] weights of the items in each customer's latest actions: decay to the power of how many came after."""
    actions, decays = tokens.actions, np.broadcast_to(decay, len(pairs)).tolist()
    rows, columns, weights = [0], [0], [0.0]
    for row, (first, last) in enumerate(zip(pairs.first.tolist(), pairs.last.tolist(), strict=True)):
        most = EVEN_CONTEXT if decays[row] == EVEN else CONTEXT
        places = np.flatnonzero(np.isin(actions.kind[first:last], SPEAKING))[-most:][::-1] + first
        bags = [[number] for number in reversed(session[row])] if session else []
        bags += [actions.items[actions.rows[p] : actions.rows[p + 1]].tolist() for p in places.tolist()]
        for age, bag in enumerate(bags):
            known = {number for number in bag if number > UNKNOWN}
            rows += [row] * len(known)
            columns += known
            weights += [decays[row] ** age] * len(known)
    return sparse.csr_matrix((weights, (rows, columns)), shape=(len(pairs), items))


def bought_by(tokens: Tokens, pairs: Pairs) -> list[Integers]:
    """[C] numbers of the known items that each customer bought before the as-of time."""
    actions, kind = tokens.actions, tokens.actions.histories.event_type
    bought = []
    for first, last in zip(actions.rows[pairs.first].tolist(), actions.rows[pairs.last].tolist(), strict=True):
        items = np.unique(actions.items[first:last][kind[first:last] == EventType.PURCHASE])
        bought.append(items[items > UNKNOWN])
    return bought


def begun_by(tokens: Tokens, pairs: Pairs) -> list[Integers]:
    """[C] numbers of the known items of each customer's latest order, where it is read line by line.

    An order that is one action is whole.
    """
    actions, ids = tokens.actions, tokens.actions.histories.order_id
    begun: list[Integers] = []
    for first, last in zip(pairs.first.tolist(), pairs.last.tolist(), strict=True):
        orders = np.flatnonzero(actions.kind[first:last] == EventType.PURCHASE) + first
        lines = ids[actions.rows[orders]]
        same = orders[np.equal(lines, lines[-1:]).astype(bool) & lines.astype(bool)]
        items = np.unique(actions.items[_rows(actions, same if len(same) > 1 else same[:0])])
        begun.append(items[items > UNKNOWN])
    return begun


def _rows(actions: Actions, places: Integers) -> Integers:
    return np.concatenate([np.arange(actions.rows[p], actions.rows[p + 1]) for p in places.tolist()] or [places])
