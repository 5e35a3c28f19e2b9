"""How little more would place a customer above a border: events are added before the as-of time, and all is asked anew.

An added event changes every feature that counts it, as a real one would; a single feature moved by itself is a customer
who cannot be. What comes out is how the model behaves. Whether a coupon *makes* somebody buy, only an experiment tells.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from events.event import EventType
from events.history import ROW_FIELDS, Histories
from scoring.model import Model
from scoring.reasons.wording import Wording
from scoring.score import Change, Contrast, Score
from scoring.seen.actions import actions_of

COUNTS = (1, 2, 3, 5, 8)
APART = 600.0
"""Seconds between added events: orders are told apart, and all are of the last hours."""
EVENTS: Mapping[Change, EventType] = {
    Change.MESSAGE: EventType.MESSAGE, Change.COUPON: EventType.COUPON, Change.VIEW: EventType.VIEW,
    Change.CART: EventType.CART, Change.ORDER: EventType.PURCHASE,
}  # fmt: skip
FEATURES: Mapping[Change, frozenset[str]] = {
    Change.MESSAGE: frozenset({"messages_30", "days_since_message"}),
    Change.COUPON: frozenset({"coupons", "coupons_30", "days_since_coupon"}),
    Change.VIEW: frozenset({"views", "views_7", "views_30", "days_since_view"}),
    Change.CART: frozenset({"carts", "carts_30", "days_since_cart"}),
    Change.ORDER: frozenset({"orders", "orders_30", "orders_90", "days_since_order", "days_since_event"}),
}  # fmt: skip
"""Of which a model must have selected one: of what it has never seen it knows nothing."""

Scores = Callable[[Histories], list[Score]]
"""Of each of these customers at one and the same time."""


def contrasts(
    model: Model, history: Histories, as_of: float, scores: Scores, above: Callable[[Score], bool], wording: Wording
) -> list[Contrast]:
    """For one customer, the least of each kind of change that is enough by `above`; the fewest events first."""
    known = history.kept(history.time < as_of)
    basket = _basket(model, known)
    tried = [(change, count) for change in Change if FEATURES[change] & set(model.normaliser.names) for count in COUNTS]
    if not tried:
        return []
    found: dict[Change, Contrast] = {}
    variants = Histories.joined([_with(known, change, count, basket, as_of) for change, count in tried])
    for (change, count), score in zip(tried, scores(variants), strict=True):
        if change not in found and above(score):
            words = wording.change(change, count, basket, model.currency)
            found[change] = Contrast(change=change, count=count, words=words, score=score)
    return sorted(found.values(), key=lambda contrast: contrast.count)


def _basket(model: Model, history: Histories) -> float:
    """Minor units of an order as the customer places them; of everybody's, before a first one."""
    actions = actions_of(history, model.catalogue)
    bought = actions.amount[actions.kind == EventType.PURCHASE]
    return float(np.median(bought)) if len(bought) else float(np.exp(model.buying.basket_mean))


def _with(history: Histories, change: Change, count: int, basket: float, as_of: float) -> Histories:
    """The history with more events of the last hours, of the item that was bought or seen last."""
    items = [item for item in history.item_id.tolist() if item is not None]
    about_items = change not in (Change.MESSAGE, Change.COUPON)
    more: dict[str, npt.NDArray[Any]] = dict.fromkeys(ROW_FIELDS, np.full(count, None, dtype=object))
    more |= dict.fromkeys(("quantity", "unit_price", "rating", "dwell_seconds"), np.full(count, np.nan))
    more |= {
        "time": as_of - np.arange(count, 0, -1) * APART,
        "event_type": np.full(count, EVENTS[change], dtype=np.int8),
        "item_id": np.full(count, items[-1] if items and about_items else None, dtype=object),
    }
    if change is Change.ORDER:
        more |= {"unit_price": np.full(count, basket), "quantity": np.ones(count)}
        more["order_id"] = np.array([f"{change}-{place}" for place in range(count)], dtype=object)
    order = np.argsort(np.concatenate((history.time, more["time"])), kind="stable")
    rows = {name: np.concatenate((getattr(history, name), values))[order] for name, values in more.items()}
    return replace(history, offsets=np.array([0, len(rows["time"])], dtype=np.int64), **rows)
