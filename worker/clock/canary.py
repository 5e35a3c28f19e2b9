"""What came of canaries is looked at by the clock: their customers each day, their models when a horizon is over."""

import logging
from datetime import datetime, timedelta
from functools import partial

import numpy as np

from campaigns.models import registry
from campaigns.watching import canary_readings as readings
from campaigns.watching.canary_readings import LATE
from database.events.recall import recall
from database.experiments import canary as groups
from database.experiments.canary import ACTIVE, CANARY
from database.models import canary_readings
from database.models.canary_readings import CanaryAccuracy
from database.models.canary_runs import CanaryRun
from events.packing import unpacked
from scoring.networks.network import HORIZONS
from scoring.score import ModelRejected
from scoring.scorer import Scorer
from training.evaluating.judging import NOTHING, accuracy
from worker.clock.tick import Tick, each
from worker.steps.judging import DRAWN
from worker.tools import Tools

PATIENCE = timedelta(days=7)
"""For a model's folder to come back to this machine: until then the duty fails, and says which is not there."""
log = logging.getLogger(__name__)


def take_readings(tick: Tick) -> int:
    """The day's look at each run that was not looked at; how many."""
    with tick.database.reading() as snapshot:
        waiting = readings.due(snapshot, tick.now)
    return sum(tick.each(waiting, lambda transaction, run: readings.take(transaction, run, tick.now)))


def measure_accuracy(tools: Tools, tick: Tick) -> int:
    """Ask both models of each run what they would have said as it began, where a horizon is over; how many times.

    As long as nobody has an order of after it, those within it may be missing too: a shop may bring files once a week.
    """
    with tick.database.reading() as snapshot:
        waiting = [
            (run, days)
            for days in HORIZONS
            for run in canary_readings.not_measured(
                snapshot, timedelta(days=days), begun_before=tick.now - timedelta(days=days) - LATE
            )
        ]
    return sum(each(partial(_measured, tools, *what, tick.now) for what in tick.in_time(waiting)))


def _measured(tools: Tools, run: CanaryRun, days: int, now: datetime) -> bool:
    over = run.begin_time + timedelta(days=days)
    with tools.database.reading() as snapshot:
        customers = [who for place in (CANARY, ACTIVE) for who in groups.members(snapshot, run, place, limit=DRAWN)]
        if customers and not groups.buyers(snapshot, customers, since=over, until=now):
            return False
    asked = ((run.model_id, CANARY), (run.against, ACTIVE))
    # Both before either is asked, which takes long.
    scorers = [_scorer(tools, model_id, last=now > over + PATIENCE) if customers else None for model_id, _ in asked]
    found = [
        _of_model(tools, run, days, scorer, model_id=model_id, place=place)
        for scorer, (model_id, place) in zip(scorers, asked, strict=True)
    ]
    with tools.database.writing() as transaction:
        canary_readings.keep_accuracy(transaction, found)
    return True


def _scorer(tools: Tools, model_id: str, *, last: bool) -> Scorer | None:
    """None where its folder was given up, or is still not there at the `last` look. Raises ModelRejected before."""
    with tools.database.reading() as snapshot:
        model = registry.get(snapshot, model_id)
    try:
        return tools.scorer(model)
    except ModelRejected as error:
        if not last and model.give_up_time is None:
            raise
        log.warning("models/%s is not measured as it was beside a canary: %s", model_id, error)
        return None


def _of_model(
    tools: Tools, run: CanaryRun, days: int, scorer: Scorer | None, *, model_id: str, place: str
) -> CanaryAccuracy:
    """Of the customers whom it answered; of nobody where it can never be asked, so that it is not tried again."""
    with tools.database.reading() as snapshot:
        customers = groups.members(snapshot, run, place, limit=DRAWN)
        histories = unpacked(recall(snapshot, customers, before=run.begin_time).packed, customers)
        buyers = groups.buyers(snapshot, customers, since=run.begin_time, until=run.begin_time + timedelta(days=days))
    bought = np.array([customer in buyers for customer in customers], dtype=np.float64)
    found = accuracy(scorer, histories, bought, run.begin_time, days) if scorer and customers else NOTHING
    return CanaryAccuracy(model_id=run.model_id, number=run.number, horizon=days, said_by=model_id, **found._asdict())
