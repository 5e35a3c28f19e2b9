"""Rows of a history merged into actions: an order is one action, everything else stands alone."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from events.event import EventType
from events.history import Histories
from scoring.seen.catalogue import Catalogue

HISTORY_ROWS = 2000
"""Rows before the as-of time that count: serving reads no more, so training sees no more either."""

LARGEST = 1e15
"""Of a price or a quantity that can be meant: their products and sums stay finite."""
NEVER = np.iinfo(np.int64).max

MERGED = np.isin(np.arange(max(EventType) + 1), (EventType.PURCHASE, EventType.RETURN))
"""By EventType."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """A actions of C customers over N rows; action a covers rows `rows[a]:rows[a + 1]`, all of one time and kind."""

    histories: Histories
    offsets: Integers
    """[C + 1] actions of customer c are `offsets[c]:offsets[c + 1]`."""
    rows: Integers
    """[A + 1]"""
    items: Integers
    """[N] number of the item in the catalogue; 0 where there is none, 1 where it is unknown."""
    previous_item: Integers
    """[N] row where the customer bought the same item before; -1 for none, NEVER for a row that is no purchase."""
    previous_category: Integers
    """[N] row where the customer bought from the same category before; -1 for none, NEVER also without a category."""
    time: Floats
    """[A] seconds since the epoch."""
    kind: npt.NDArray[np.int8]
    amount: Floats
    """[A] quantity times unit price over all lines, minor units; 0 where unknown."""
    quantity: Floats
    lines: Integers
    rating: Floats
    """[A] stars; NaN where there are none."""
    dwell: Floats
    """[A] seconds; 0 where unknown."""


def actions_of(histories: Histories, catalogue: Catalogue) -> Actions:
    """Merge consecutive rows of the same customer, time, kind and order id when they are purchases or returns."""
    owner = histories.customer_of_row
    starts = np.flatnonzero(_begins(histories, owner))
    rows = np.append(starts, len(owner))
    price, quantity = _known(histories.unit_price, 0.0), _known(histories.quantity, 1.0)
    items = catalogue.numbers(histories.item_id)
    categories = catalogue.category_of[items]
    bought = histories.event_type == EventType.PURCHASE
    return Actions(
        histories=histories,
        offsets=np.searchsorted(starts, histories.offsets).astype(np.int64),
        rows=rows,
        items=items,
        previous_item=_previous(owner, _item_keys(histories, bought), bought),
        previous_category=_previous(owner, categories, bought & (categories > 0)),
        time=histories.time[starts],
        kind=histories.event_type[starts],
        amount=_sums(quantity * price, starts),
        quantity=_sums(quantity, starts),
        lines=np.diff(rows),
        rating=histories.rating[starts],
        dwell=_sums(_known(histories.dwell_seconds, 0.0), starts),
    )


def _known(values: Floats, otherwise: float) -> Floats:
    """What can be a price, a quantity or a time; anything else is not known, whichever door it came through."""
    return np.where((values >= 0.0) & (values <= LARGEST), values, otherwise)


def _begins(histories: Histories, owner: Integers) -> npt.NDArray[np.bool_]:
    begins = np.ones(len(owner), dtype=bool)
    kind = histories.event_type
    same = (owner[1:] == owner[:-1]) & (histories.time[1:] == histories.time[:-1])
    same &= (kind[1:] == kind[:-1]) & MERGED[kind[1:]]
    same &= np.equal(histories.order_id[1:], histories.order_id[:-1]).astype(bool)
    begins[1:] = ~same
    return begins


def _item_keys(histories: Histories, bought: npt.NDArray[np.bool_]) -> Integers:
    seen: dict[str | None, int] = {}
    keys = np.zeros(len(bought), dtype=np.int64)
    keys[bought] = [seen.setdefault(item, len(seen)) for item in histories.item_id[bought]]
    return keys


def _previous(owner: Integers, key: Integers, bought: npt.NDArray[np.bool_]) -> Integers:
    """[N] the purchase row before with the same owner and key."""
    previous = np.where(bought, -1, NEVER)
    rows = np.flatnonzero(bought)
    if len(rows) == 0:
        return previous
    joint = owner[rows] * (int(key.max()) + 1) + key[rows]
    order = rows[np.argsort(joint, kind="stable")]
    same = (owner[order[1:]] == owner[order[:-1]]) & (key[order[1:]] == key[order[:-1]])
    previous[order[1:][same]] = order[:-1][same]
    return previous


def _sums(values: Floats, starts: Integers) -> Floats:
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """P questions (customer, as-of time), each with the slice of actions that it may see."""

    customer: Integers
    as_of: Floats
    """[P] seconds since the epoch."""
    first: Integers
    """[P] first action within the latest HISTORY_ROWS rows."""
    last: Integers
    """[P] one past the last action strictly before `as_of`."""

    def __len__(self) -> int:
        return len(self.customer)

    def some(self, chosen: Integers | npt.NDArray[np.bool_]) -> Self:
        """A part of the questions, by place or by mask."""
        return type(self)(
            customer=self.customer[chosen], as_of=self.as_of[chosen], first=self.first[chosen], last=self.last[chosen]
        )


def pairs_of(actions: Actions, customer: Integers, as_of: Floats) -> Pairs:
    """Where each question's view of its customer's actions begins and ends."""
    begin, stop = actions.offsets[customer], actions.offsets[customer + 1]
    last = np.fromiter(
        (b + actions.time[b:s].searchsorted(t) for b, s, t in zip(begin, stop, as_of, strict=True)),
        dtype=np.int64,
        count=len(customer),
    )
    first = begin
    oldest = actions.rows[last] - HISTORY_ROWS
    cut = oldest >= actions.histories.offsets[customer]
    if cut.any():
        # The reader of 2000 rows cannot know whether the oldest order among them is whole, so nobody counts it.
        first = np.where(cut, np.searchsorted(actions.rows, oldest, side="right"), begin)
        first = np.minimum(first, last)
    return Pairs(customer=customer, as_of=as_of, first=first, last=last)
