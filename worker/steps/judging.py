"""A model is judged: customers are drawn and read, measured between two transactions, and the verdicts written down."""

from datetime import datetime

from campaigns.models import judging, registry
from campaigns.models.gates import Report, gates_of
from campaigns.models.judging import Trial
from database.events.recall import recall
from database.models import scores
from database.session import Snapshot
from database.work.operations import Operation
from events.history import Histories
from events.packing import unpacked
from training.evaluating.judging import evidence
from worker.tools import Tools

DRAWN = 4000
"""Customers, at most: enough to tell a hundredth of AUC."""


def step(tools: Tools, operation: Operation) -> bool:
    """All of it; False when another worker was faster."""
    trial = Trial.of(operation.request)
    with tools.database.reading() as snapshot:
        histories = drawn(snapshot, trial.as_of)
        candidate, active = registry.get(snapshot, trial.model_id), registry.get(snapshot, trial.against_id)
    found = evidence(tools.scorer(candidate), tools.scorer(active), histories, trial.as_of)
    report = Report(model_id=trial.model_id, against_id=trial.against_id, gates=gates_of(found))
    with tools.database.writing() as transaction:
        return judging.finish(transaction, operation, report, tools.cause())


def drawn(snapshot: Snapshot, as_of: datetime, *, limit: int = DRAWN) -> Histories:
    """Of a random part of the customers, always the same."""
    customers = scores.some_customers(snapshot, limit=limit)
    return unpacked(recall(snapshot, customers, before=as_of).packed, customers)
