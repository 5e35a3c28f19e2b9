"""Histories with what happened in the session just now, which nobody has recorded yet."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from events.event import Event
from events.history import Histories

INSTANT = 1e-3
"""Seconds after the newest event of a customer at which it is seen."""


def with_sessions(histories: Histories, sessions: Sequence[Sequence[Event]]) -> Histories:
    """Each customer's recorded events and session, ascending by time; at equal times the session comes last."""
    fresh = [event for session in sessions for event in session]
    if not fresh:
        return histories
    owner = np.repeat(np.arange(len(sessions)), [len(session) for session in sessions])
    owners = np.concatenate([histories.customer_of_row, owner])
    time = np.concatenate([histories.time, [event.time.timestamp() for event in fresh]])
    order = np.lexsort((time, owners))

    def strings(kept: npt.NDArray[np.object_], of: Callable[[Event], str | None]) -> npt.NDArray[np.object_]:
        return np.concatenate([kept, np.array([of(event) for event in fresh], dtype=object)])[order]

    def numbers(kept: npt.NDArray[np.float64], of: Callable[[Event], float | None]) -> npt.NDArray[np.float64]:
        return np.concatenate([kept, np.array([_known(of(event)) for event in fresh])])[order]

    counts = np.bincount(owners, minlength=len(sessions))
    return Histories(
        customer_ids=histories.customer_ids,
        offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        time=time[order],
        event_type=np.concatenate(
            [histories.event_type, np.array([event.event_type for event in fresh], dtype=np.int8)]
        )[order],
        order_id=strings(histories.order_id, lambda event: event.order_id),
        item_id=strings(histories.item_id, lambda event: event.item_id),
        quantity=numbers(histories.quantity, lambda event: event.quantity),
        unit_price=numbers(histories.unit_price, lambda event: event.unit_price_minor),
        channel=strings(histories.channel, lambda event: event.channel),
        rating=numbers(histories.rating, lambda event: event.rating),
        dwell_seconds=numbers(histories.dwell_seconds, lambda event: event.dwell_seconds),
        text=strings(histories.text, lambda event: event.text),
    )


def present(histories: Histories, now: npt.NDArray[np.float64], ahead: float) -> npt.NDArray[np.float64]:
    """[C] as-of times that see what happened up to `now` [C], and by clocks that are up to `ahead` seconds fast."""
    times = now.copy()
    late = histories.time - now[histories.customer_of_row]
    rows = np.flatnonzero((late >= 0) & (late <= ahead))
    np.maximum.at(times, histories.customer_of_row[rows], histories.time[rows] + INSTANT)
    return times


def _known(number: float | None) -> float:
    return math.nan if number is None else number
