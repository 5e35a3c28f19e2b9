"""Histories of a batch of customers by the cheapest way that is exact: from memory, in one piece, event by event.

One query says of everybody whether what is held here is still all there is, and brings the packed histories of the
others; a second one, in the same snapshot, reads the events of those who have none. Where there are none of those, the
first is a snapshot by itself.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from database.events import states, store
from database.events.memory import Memory, Remembered
from database.events.states import Packed, State
from database.glances import Glances
from database.session import Snapshot
from events import packing


class Recalled(NamedTuple):
    """What the database knows of a batch of customers."""

    packed: list[bytes]
    """The latest events of each; also later ones than asked for, where there is room."""
    states: list[State]
    read: list[Packed]
    """What was read event by event, for whoever wants to keep it in one piece."""


class Glanced(NamedTuple):
    """What one statement told of a customer."""

    state: State
    packed: bytes | None
    """None where it is no more than known: the events have to be read."""


def glance(glances: Glances, customer_ids: Sequence[str], *, memory: Memory, seconds: float) -> list[Glanced]:
    """Of each customer, in this order, what can be had without reading events."""
    held = [memory.find(customer_id) for customer_id in customer_ids]
    versions = [None if each is None else each.version for each in held]
    found = states.glance(glances, customer_ids, versions, seconds=seconds)
    glanced = [Glanced(state, _at_hand(state, remembered)) for state, remembered in zip(found, held, strict=True)]
    for customer_id, (state, history), remembered in zip(customer_ids, glanced, held, strict=True):
        if history is not None and history is not getattr(remembered, "history", None):
            _remember(memory, customer_id, state, history)
    return glanced


def recall(
    snapshot: Snapshot, customer_ids: Sequence[str], *, before: datetime | None = None, memory: Memory | None = None
) -> Recalled:
    """Of each customer, in this order, at least what `store.histories` would find before `before`."""
    held = [None if memory is None else memory.find(customer_id) for customer_id in customer_ids]
    found = states.look(snapshot, customer_ids, [None if each is None else each.version for each in held])
    whole = [_at_hand(state, remembered) for state, remembered in zip(found, held, strict=True)]
    fresh = _read(snapshot, [customer_ids[place] for place, history in enumerate(whole) if history is None])
    read: list[Packed] = []
    for place, (customer_id, state) in enumerate(zip(customer_ids, found, strict=True)):
        history = whole[place]
        if history is None:
            history = whole[place] = fresh[customer_id]
            read += [] if state.version is None else [Packed(customer_id, state.version, history)]
        if memory is not None and history is not getattr(held[place], "history", None):
            _remember(memory, customer_id, state, history)
    packed = [history for history in whole if history is not None]
    return Recalled(_reaching(snapshot, packed, customer_ids, before), found, read)


def _at_hand(state: State, held: Remembered | None) -> bytes | None:
    """What need not be read event by event. Whoever writes events makes their customers known by the same commit."""
    if state.version is None:
        return None if state.known else packing.nothing()
    if held is not None and held.version == state.version:
        return held.history
    return state.history if state.history is not None and packing.is_ours(state.history) else None


def _read(snapshot: Snapshot, customer_ids: Sequence[str]) -> dict[str, bytes]:
    if not customer_ids:
        return {}
    return dict(zip(customer_ids, packing.packed(store.histories(snapshot, customer_ids)), strict=True))


def _remember(memory: Memory, customer_id: str, state: State, history: bytes) -> None:
    """Where there is a version by which it can be told whether it is outdated."""
    if state.version is None:
        memory.forget(customer_id)
    else:
        memory.remember(customer_id, state.version, history)


def _reaching(
    snapshot: Snapshot, packed: list[bytes], customer_ids: Sequence[str], before: datetime | None
) -> list[bytes]:
    """Where a history is cut off and too new, the events before `before` may not be among it, and are read."""
    if before is None:
        return packed
    for place, (history, customer_id) in enumerate(zip(packed, customer_ids, strict=True)):
        if packing.rows(history) >= store.LATEST and packing.latest(history) >= before.timestamp():
            (packed[place],) = packing.packed(store.histories(snapshot, [customer_id], before=before))
    return packed
