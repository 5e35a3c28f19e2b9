"""Whether a model scores in bfloat16: where that is faster on this processor, and says the same."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from events.event import EventType
from events.history import Histories
from scoring.score import Score
from scoring.scorer import Scorer
from scoring.seen.actions import Floats
from scoring.seen.view import DAY

CUSTOMERS, EVENTS = 32, 32
"""Of the batch that is tried."""
TRIALS = 5
WORTH = 0.8
"""Share of the time in float32 that bfloat16 may take: for less gain nothing is rounded."""
POINTS = 0.005
"""Most that a probability may differ."""
SHARE = 0.01
"""Most that expected spend may differ, as a share of itself or of the mean, whichever is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One way of computing the same batch."""

    seconds: float
    scores: Sequence[Score]


def suited(scorer: Scorer) -> Scorer:
    """The scorer in the precision that suits it, by a trial on made-up customers who bought its items."""
    rounded = replace(scorer, bfloat16=True)
    histories = invented(scorer)
    as_of = np.full(CUSTOMERS, EVENTS * DAY)
    return rounded if worth_it(_tried(scorer, histories, as_of), _tried(rounded, histories, as_of)) else scorer


def worth_it(exact: Trial, rounded: Trial) -> bool:
    """Faster by enough to matter, and near enough in everything that a score says."""
    if rounded.seconds > WORTH * exact.seconds:
        return False
    chances, others = _chances(exact.scores), _chances(rounded.scores)
    spend, other = (np.array([score.spend_minor for score in trial.scores]) for trial in (exact, rounded))
    scale = np.maximum(spend, spend.mean())
    return bool(np.abs(chances - others).max() <= POINTS and (np.abs(spend - other) <= SHARE * scale).all())


def invented(scorer: Scorer) -> Histories:
    """Customers who buy something every day, each something else."""
    rows = CUSTOMERS * EVENTS
    place = np.arange(rows)
    known = scorer.model.catalogue.item_ids or ("nothing",)
    nothing = np.full(rows, None, dtype=object)
    return Histories(
        customer_ids=np.array([f"invented-{number}" for number in range(CUSTOMERS)], dtype=object),
        offsets=np.arange(0, rows + 1, EVENTS),
        time=(place % EVENTS).astype(np.float64) * DAY,
        event_type=np.full(rows, EventType.PURCHASE, dtype=np.int8),
        order_id=np.array([f"order-{number}" for number in place], dtype=object),
        item_id=np.array([known[(number * number) % len(known)] for number in place.tolist()], dtype=object),
        quantity=(1 + place % 3).astype(np.float64),
        unit_price=(100 + 37 * (place % 101)).astype(np.float64),
        channel=nothing,
        rating=np.full(rows, np.nan),
        dwell_seconds=np.full(rows, np.nan),
        text=nothing,
    )


def _tried(scorer: Scorer, histories: Histories, as_of: Floats) -> Trial:
    scores: list[Score] = []
    taken: list[float] = []
    for _ in range(TRIALS):
        began = time.perf_counter()
        scores = scorer.score(histories, as_of)
        taken.append(time.perf_counter() - began)
    return Trial(seconds=min(taken), scores=scores)


def _chances(scores: Sequence[Score]) -> Floats:
    return np.array([(score.purchase_30, score.purchase_60, score.purchase_90, score.churn) for score in scores])
