"""One chunk of a rescoring: read, run the network, write."""

import numpy as np

from campaigns import registry, rescoring
from campaigns.actor import WORKER, Cause
from campaigns.rescoring import Rescoring
from database import events, facts, scores
from database.operations import Operation
from worker.tools import Tools


def step(tools: Tools, operation: Operation) -> bool:
    """The chunk after the operation's cursor, or the end; False when another worker was faster.

    The network runs between two transactions, never inside one: the cursor decides whose result counts.
    """
    pinned = Rescoring.of(operation.request)
    with tools.database.reading() as snapshot:
        customers = scores.next_customers(snapshot, after=operation.cursor, limit=tools.settings.score_chunk)
        histories = events.histories(snapshot, customers, before=pinned.as_of)
        model = registry.get(snapshot, pinned.model_id)
    if not customers:
        with tools.database.writing() as transaction:
            finished = rescoring.finish(transaction, operation, Cause(actor=WORKER, now=tools.now()))
        if finished:
            facts.tidy(tools.database)
        return finished
    as_of = np.full(len(customers), pinned.as_of.timestamp())
    scored = tools.scorer(model).score(histories, as_of)
    with tools.database.writing() as transaction:
        return rescoring.keep(transaction, operation, scored, cursor=customers[-1], now=tools.now())
