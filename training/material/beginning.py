"""When a shop's records begin: not with the test orders and imported ones of long before."""

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from events.event import EventType
from events.history import Histories
from scoring.seen.actions import Actions, Floats, Integers, Pairs
from training.material.labels import SHORTEST

FOLLOWED = 10
"""Times as many customers who soon follow, by which those before them are strays."""
SOON = 0.1
"""Of the time that those before them took."""


def records_begin(histories: Histories, until: float) -> float:
    """Epoch seconds of the first event before `until` but for strays; `until` where there is none.

    Strays are first customers who came over a month at least, where ten times as many followed within a tenth of that
    time. A shop that grows evenly, however fast, has none: the ten times as many take it log 11 / log n of the time of
    the first n.

    Those who are seen and those who buy are asked apart, and the earlier is true: an old shop is not young because its
    visits are recorded since last month.
    """
    begin = histories.offsets[:-1]
    orders = np.append(np.flatnonzero(histories.event_type == EventType.PURCHASE), len(histories.time))
    known = (_known(histories, rows, until) for rows in (begin, orders[np.searchsorted(orders, begin)]))
    return min((_settled(first) for first in known if len(first)), default=until)


def in_words(begin: float, histories: Histories) -> str:
    """For who is told that they are too short, and may have earlier events."""
    strays = int((histories.time < begin).sum())
    early = "" if not strays else f" but for {strays:,} early event{'s' if strays > 1 else ''}"
    return f"the records begin on {datetime.fromtimestamp(begin, UTC):%Y-%m-%d}{early}"


def seen_since(begin: float, actions: Actions, pairs: Pairs) -> npt.NDArray[np.bool_]:
    """[P] whose first action is no stray: their rhythm is the shop's."""
    return np.asarray(actions.time[actions.offsets[pairs.customer]] >= begin)


def _known(histories: Histories, rows: Integers, until: float) -> Floats:
    """Times before `until` of the rows [C] that are the customers' own, ascending."""
    times = histories.time[rows[rows < histories.offsets[1:]]]
    return np.sort(times[times < until])


def _settled(first: Floats) -> float:
    """The first of the times at which customers came that is no stray; again, for strays come in several lots."""
    strays = np.arange(1, len(first) // (1 + FOLLOWED) + 1)
    took, following = first[strays] - first[0], first[strays * (1 + FOLLOWED) - 1] - first[strays]
    apart = strays[(took >= SHORTEST) & (following <= SOON * took)]
    return _settled(first[apart[0] :]) if len(apart) else float(first[0])
