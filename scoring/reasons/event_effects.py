"""Which events a customer's score hangs on: each of the latest is left out in turn, and everything is asked anew.

Parts of an explanation share a score among features and events. A feature counts many events at once, so an event's own
part says only what the network reads in it beyond the features. Here features are computed anew too.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from scipy.special import expit

from events.event import EventType
from events.history import Histories
from scoring.model import Model
from scoring.reasons.deed import deed_of
from scoring.reasons.wording import Wording
from scoring.score import EventEffect
from scoring.seen.actions import Actions, Floats, Integers, actions_of, pairs_of
from scoring.seen.sequence import TOKENS

Logits = Callable[[Histories], Floats]
"""Of `purchase_90`, of each of these customers at one and the same time."""


def event_effects(
    model: Model, history: Histories, as_of: float, logits: Logits, wording: Wording
) -> list[EventEffect]:
    """Of one customer's latest TOKENS actions before `as_of`, the largest effect first."""
    actions, seen = latest_actions(model, history, as_of)
    if len(seen) == 0:
        return []
    variants = [history, *(without(history, actions, np.array([action])) for action in seen.tolist())]
    whole, *rest = logits(Histories.joined(variants)).tolist()
    found = [
        EventEffect(
            action=action,
            name=EventType(int(actions.kind[action])).word,
            time=datetime.fromtimestamp(float(actions.time[action]), UTC),
            words=wording.action(deed_of(actions, action, model.catalogue, model.currency)),
            logit=whole - less,
            points=100 * float(expit(whole) - expit(less)),
        )
        for action, less in zip(seen.tolist(), rest, strict=True)
    ]
    return sorted(found, key=lambda effect: -abs(effect.logit))


def latest_actions(model: Model, history: Histories, as_of: float) -> tuple[Actions, Integers]:
    """One customer's actions, and which of them the network reads at a time, oldest first."""
    actions = actions_of(history, model.catalogue)
    seen = pairs_of(actions, np.zeros(1, dtype=np.int64), np.array([as_of]))
    first, last = int(seen.first[0]), int(seen.last[0])
    return actions, np.arange(max(first, last - TOKENS), last)


def without(history: Histories, actions: Actions, left_out: Integers) -> Histories:
    """One customer's history without some of their actions."""
    rows = np.ones(int(history.offsets[-1]), dtype=bool)
    for action in left_out.tolist():
        rows[actions.rows[action] : actions.rows[action + 1]] = False
    return history.kept(rows)
