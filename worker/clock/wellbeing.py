"""Once a day the model that answers is looked at: whether customers changed, and whether its reasons are true of it."""

from datetime import datetime

import numpy as np

from database.models import drift, explanation_readings, registry
from database.models.explanation_readings import ExplanationReading
from scoring.seen.actions import Floats
from training.evaluating.faithfulness import faithfulness
from training.evaluating.judging import drifts
from worker.steps.judging import drawn
from worker.tools import Tools

EXPLAINED = 40
"""Customers: some seconds of one core, and a median to within a hundredth."""


def read_drift(tools: Tools, now: datetime) -> int:
    """The day's reading, if it was not taken and there is something to hold against; how many features.

    Raises ModelRejected, before anybody's history is read.
    """
    with tools.database.reading() as snapshot:
        active = registry.active(snapshot)
        if active is None or "histograms" not in active.manifest:
            return 0
        if drift.latest_day(snapshot, active.model_id) == now.date():
            return 0
    scorer = tools.scorer(active)
    with tools.database.reading() as snapshot:
        histories = drawn(snapshot, now)
    found = drifts(scorer, histories, now)
    if found:
        with tools.database.writing() as transaction:
            drift.keep(transaction, active.model_id, now.date(), found)
    return len(found)


def check_explanations(tools: Tools, now: datetime) -> int:
    """The day's reading, if it was not taken; of how many customers. Raises ModelRejected likewise."""
    with tools.database.reading() as snapshot:
        active = registry.active(snapshot)
        if active is None:
            return 0
        last = explanation_readings.newest(snapshot, active.model_id)
        if last is not None and last.day == now.date():
            return 0
    scorer = tools.scorer(active)
    with tools.database.reading() as snapshot:
        histories = drawn(snapshot, now, limit=EXPLAINED)
    found = faithfulness(scorer, histories, now.timestamp())
    reading = ExplanationReading(
        model_id=active.model_id, day=now.date(), customers=len(histories), left_out=_median(found.left_out),
        gradients=_median(found.gradients),
    )  # fmt: skip
    with tools.database.writing() as transaction:
        explanation_readings.keep(transaction, reading)
    return reading.customers


def _median(correlations: Floats) -> float | None:
    return float(np.median(correlations)) if len(correlations) else None
