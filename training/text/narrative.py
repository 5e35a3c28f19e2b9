"""A customer's history as a text that a language model reads: the latest first, numbers as rounded words."""

import numpy as np

from events.event import EventType
from scoring.seen.actions import Actions, Pairs
from scoring.seen.catalogue import UNKNOWN, Catalogue
from scoring.seen.view import DAY

MOST_ACTIONS = 24
"""Of the latest; a text is cut off anyway."""
MOST_TITLES = 3
"""Of one order."""
STEPS = (0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 540, 730)
"""Days are rounded down to one of these, so that close times share a word."""
VERBS = {
    EventType.VIEW: "looked at", EventType.CART: "put in the cart", EventType.PURCHASE: "bought",
    EventType.RETURN: "sent back", EventType.REVIEW: "reviewed", EventType.COUPON: "got a coupon",
    EventType.MESSAGE: "got a message",
}  # fmt: skip
MINOR_UNITS = 100


def narratives(actions: Actions, catalogue: Catalogue, pairs: Pairs) -> list[str]:
    """One text for each of P questions, of what happened before its as-of time only."""
    return [
        _narrative(actions, catalogue, int(first), int(last), float(as_of))
        for first, last, as_of in zip(pairs.first, pairs.last, pairs.as_of, strict=True)
    ]


def _narrative(actions: Actions, catalogue: Catalogue, first: int, last: int, as_of: float) -> str:
    if last <= first:
        return "nothing is known."
    latest = range(last - 1, max(first, last - MOST_ACTIONS) - 1, -1)
    summary = _summary(actions, first, last, as_of)
    return " ".join([summary, *(_sentence(actions, catalogue, action, as_of) for action in latest)])


def _summary(actions: Actions, first: int, last: int, as_of: float) -> str:
    bought = actions.kind[first:last] == EventType.PURCHASE
    orders, spent = int(bought.sum()), float(actions.amount[first:last][bought].sum()) / MINOR_UNITS
    known = days(as_of - float(actions.time[first]))
    return f"{power(orders)} orders worth {power(spent)}, known for {known} days."


def _sentence(actions: Actions, catalogue: Catalogue, action: int, as_of: float) -> str:
    kind = EventType(int(actions.kind[action]))
    words = [f"{days(as_of - float(actions.time[action]))} days ago {VERBS[kind]}"]
    if actions.amount[action] > 0 and kind in (EventType.PURCHASE, EventType.RETURN):
        words.append(f"{power(float(actions.lines[action]))} for {power(float(actions.amount[action]) / MINOR_UNITS)}:")
    if not np.isnan(actions.rating[action]):
        words.append(f"with {int(actions.rating[action])} stars")
    rows = slice(int(actions.rows[action]), int(actions.rows[action + 1]))
    numbers = [number for number in actions.items[rows][:MOST_TITLES].tolist() if number > UNKNOWN]
    titles = [catalogue.titles[number - 2] for number in numbers]
    spoken = actions.histories.text[rows.start]
    words += [", ".join(title for title in titles if title)] if any(titles) else []
    words += [str(spoken)] if spoken is not None else []
    return " ".join(words) + "."


def days(seconds: float) -> int:
    """Rounded down to one of STEPS."""
    return STEPS[int(np.searchsorted(STEPS, seconds / DAY, side="right")) - 1]


def power(value: float) -> int:
    """The power of two next to a number, 0 for less than a half: amounts of one size share a word."""
    return 0 if value < 0.5 else int(2 ** round(float(np.log2(value))))  # noqa: PLR2004  # rounds to 1
