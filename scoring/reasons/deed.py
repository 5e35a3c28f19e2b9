"""One action of a customer, in the values that words are made from."""

import math
from datetime import UTC, datetime
from typing import NamedTuple

from events.event import EventType
from scoring.seen.actions import Actions
from scoring.seen.catalogue import Catalogue
from scoring.seen.feature_registry import amount


class Deed(NamedTuple):
    """What was done."""

    kind: EventType
    time: datetime
    title: str | None
    """Of the item; of an action of several, the first one's."""
    lines: int
    paid: str | None
    """With the currency."""
    channel: str | None
    stars: float | None


def deed_of(actions: Actions, action: int, catalogue: Catalogue, currency: str) -> Deed:
    """Of one among all actions."""
    row, money, stars = int(actions.rows[action]), float(actions.amount[action]), float(actions.rating[action])
    item_id, channel = actions.histories.item_id[row], actions.histories.channel[row]
    return Deed(
        kind=EventType(int(actions.kind[action])),
        time=datetime.fromtimestamp(float(actions.time[action]), UTC),
        title=None if item_id is None else catalogue.title(str(item_id)),
        lines=int(actions.lines[action]),
        paid=amount(money, currency) if money > 0 else None,
        channel=str(channel) if channel else None,
        stars=stars if math.isfinite(stars) else None,
    )
