"""The scores of the chunk after an operation's cursor: the network runs between two transactions, never inside one."""

import logging
from dataclasses import replace

import numpy as np

from campaigns.models import registry
from campaigns.tiers.rescoring import Rescoring
from database.events import states
from database.events.recall import recall
from database.models import scores
from database.work.operations import Operation
from events.packing import unpacked
from scoring.score import NoNumber
from worker.chunk import Chunk
from worker.tools import Tools

log = logging.getLogger(__name__)


def next_scores(tools: Tools, operation: Operation) -> Chunk | None:
    """By the pinned model, as of the pinned time; None at the end.

    From here on the chunk after it is worked on, so that it is there when this one is written. What had to be read
    event by event is kept in one piece meanwhile, for the next time and for servers.
    """
    chunk = tools.ahead.take(_key(operation), lambda: _scores(tools, operation))
    if chunk is not None:
        following = replace(operation, cursor=chunk.customers[-1])
        tools.ahead.begin(_key(following), lambda: _scores(tools, following))
        _keep(tools, chunk)
    return chunk


def _key(operation: Operation) -> tuple[str, str | None]:
    return operation.operation_id, operation.cursor


def _scores(tools: Tools, operation: Operation) -> Chunk | None:
    pinned = Rescoring.of(operation.request)
    with tools.database.reading() as snapshot:
        customers = scores.next_customers(snapshot, after=operation.cursor, limit=tools.settings.score_chunk)
        if not customers:
            return None
        known = recall(snapshot, customers, before=pinned.as_of)
        model = registry.get(snapshot, pinned.model_id)
    scorer = tools.scorer(model)
    said = scorer.score_each(unpacked(known.packed, customers), np.full(len(customers), pinned.as_of.timestamp()))
    unsaid = [who for who, score in zip(customers, said, strict=True) if score is None]
    if unsaid:
        log.warning("%s: %s", operation.name, NoNumber(model.model_id, unsaid))
    return Chunk(
        customers=customers, scores=[score for score in said if score is not None], currency=scorer.currency,
        read=known.read,
        unversioned=[who for who, state in zip(customers, known.states, strict=True) if state.version is None],
    )  # fmt: skip


def _keep(tools: Tools, chunk: Chunk) -> None:
    if chunk.unversioned or chunk.read:
        with tools.database.writing() as transaction:
            states.begin(transaction, chunk.unversioned)
            states.keep(transaction, chunk.read)
