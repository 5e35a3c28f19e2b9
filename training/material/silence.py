"""Where nobody ordered for long, records are missing or the shop was shut: that says nothing of when customers come."""

import numpy as np

from events.event import EventType
from scoring.seen.actions import Actions, Floats

LONG = 1 / 2
"""Of a span of time; a shop that is shut between the years has not been silent."""


def order_times(actions: Actions) -> Floats:
    """[N] ascending, in epoch seconds, of everybody."""
    return np.sort(actions.time[actions.kind == EventType.PURCHASE])


def has_long_silence(orders: Floats, begin: float, end: float) -> bool:
    """Whether none of the ascending times of `orders` is in so long a part of a span, in epoch seconds."""
    within = orders[np.searchsorted(orders, begin) : np.searchsorted(orders, end)]
    return bool(np.diff(within, prepend=begin, append=end).max() > LONG * (end - begin))
