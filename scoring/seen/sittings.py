"""Questions about one customer that one pass answers: those that see the same tokens, but for the latest."""

import numpy as np

from scoring.seen.actions import Integers, Pairs
from scoring.seen.sequence import TOKENS


def sittings(pairs: Pairs) -> tuple[Integers, Integers]:
    """All questions [P] in an order, and where [X + 1] of it each sitting begins; its last question sees most.

    Questions of a customer with more than TOKENS actions do not begin at the same one, so each sits alone.
    """
    order = np.lexsort((pairs.last, pairs.first, pairs.customer))
    customer, first, last = pairs.customer[order], pairs.first[order], pairs.last[order]
    other = (customer[1:] != customer[:-1]) | (first[1:] != first[:-1])
    group = np.append(0, np.cumsum(other))[: len(order)]
    most = last[np.append(np.flatnonzero(other), len(order) - 1)][group] if len(order) else last
    begins = np.append(np.ones(1, dtype=bool), other | (most - first > TOKENS)[1:])[: len(order)]
    return order, np.append(np.flatnonzero(begins), len(order))
