"""The scores of the chunk after an operation's cursor: the network runs between two transactions, never inside one."""

from collections.abc import Sequence

import numpy as np

from campaigns import registry
from campaigns.tiers.rescoring import Rescoring
from database import events, scores
from database.operations import Operation
from scoring.score import Score
from worker.tools import Tools


def next_scores(tools: Tools, operation: Operation) -> Sequence[Score]:
    """By the pinned model, as of the pinned time, in the order of the cursor; none at the end."""
    pinned = Rescoring.of(operation.request)
    with tools.database.reading() as snapshot:
        customers = scores.next_customers(snapshot, after=operation.cursor, limit=tools.settings.score_chunk)
        histories = events.histories(snapshot, customers, before=pinned.as_of)
        model = registry.get(snapshot, pinned.model_id)
    if not customers:
        return []
    return tools.scorer(model).score(histories, np.full(len(customers), pinned.as_of.timestamp()))
