"""Histories of a batch of customers by the cheapest way that is exact: from memory, in one piece, event by event.

One query says of everybody whether what is held here is still all there is, and brings the packed histories of the
others; a second one, in the same snapshot, reads the events of those who have none.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from database import events, states
from database.memory import Memory, Remembered
from database.session import Snapshot
from database.states import Packed, State
from events.history import Histories
from events.packing import packed, unpacked


class Recalled(NamedTuple):
    """What the database knows of a batch of customers."""

    histories: Histories
    """The latest events; also later ones than asked for, where there is room."""
    states: list[State]
    read: list[Packed]
    """Histories that were read event by event, for whoever wants to keep them."""


def recall(
    snapshot: Snapshot, customer_ids: Sequence[str], *, before: datetime | None = None, memory: Memory | None = None
) -> Recalled:  # fmt: skip
    """Of each customer, in this order, at least what `events.histories` would find before `before`."""
    held = [None if memory is None else memory.find(customer_id) for customer_id in customer_ids]
    found = states.look(snapshot, customer_ids, [None if each is None else each.version for each in held])
    parts = [
        _at_hand(customer_id, state, remembered, memory)
        for customer_id, state, remembered in zip(customer_ids, found, held, strict=True)
    ]
    unread = [place for place, part in enumerate(parts) if part is None]
    read: list[Packed] = []
    if unread:
        fresh = events.histories(snapshot, [customer_ids[place] for place in unread])
        for number, place in enumerate(unread):
            parts[place] = fresh.some(number, number + 1)
            read += _packed(fresh, number, found[place], memory)
    whole = [_reaching(snapshot, part, before) for part in parts if part is not None]
    return Recalled(Histories.joined(whole), found, read)


def _at_hand(customer_id: str, state: State, held: Remembered | None, memory: Memory | None) -> Histories | None:
    """What need not be read event by event."""
    if state.version is None:
        if memory and held:
            memory.forget(customer_id)
        return None
    if held is not None and held.version == state.version:
        return held.history
    history = unpacked(state.history, customer_id) if state.history else None
    if memory and history and state.history:
        memory.remember(customer_id, state.version, history, state.history)
    return history


def _packed(fresh: Histories, number: int, state: State, memory: Memory | None) -> list[Packed]:
    """In one piece, where there is a version by which it can be told whether it is outdated."""
    if state.version is None:
        return []
    customer_id, content = str(fresh.customer_ids[number]), packed(fresh, number)
    # A copy, for the rows of `fresh` are views of those of the whole batch.
    if memory and (copy := unpacked(content, customer_id)):
        memory.remember(customer_id, state.version, copy, content)
    return [Packed(customer_id, state.version, content)]


def _reaching(snapshot: Snapshot, part: Histories, before: datetime | None) -> Histories:
    """One history; where it is cut off and too new, the events before `before` may not be among it."""
    if before is None or len(part.time) < events.LATEST or part.time[-1] < before.timestamp():
        return part
    return events.histories(snapshot, part.customer_ids.tolist(), before=before)
