"""Once a day the features of customers are held against the histograms of the model that answers."""

from datetime import datetime

from database.models import drift, registry
from training.evaluating.judging import drifts
from worker.steps.judging import drawn
from worker.tools import Tools


def read_drift(tools: Tools, now: datetime) -> int:
    """The day's reading, if it was not taken and there is something to hold against; how many features."""
    with tools.database.reading() as snapshot:
        active = registry.active(snapshot)
        if active is None or "histograms" not in active.manifest:
            return 0
        if drift.latest_day(snapshot, active.model_id) == now.date():
            return 0
        histories = drawn(snapshot, now)
    found = drifts(tools.scorer(active), histories, now)
    if found:
        with tools.database.writing() as transaction:
            drift.keep(transaction, active.model_id, now.date(), found)
    return len(found)
