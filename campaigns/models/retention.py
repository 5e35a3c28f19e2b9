"""Folders of candidates that retraining made: kept as long as anybody may want them, and given up on record."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from campaigns import trail
from campaigns.actor import Cause
from campaigns.models.registry import name
from database.models import canary_readings, registry, scores
from database.models.registry import RegisteredModel
from database.session import Snapshot, Transaction
from database.work import operations
from database.work.operations import RETRAIN_MODEL
from scoring.networks.network import HORIZONS

LONGEST = timedelta(days=HORIZONS[-1])
SETTLED = timedelta(hours=1)
"""After its end nobody learns for a training any more."""


def give_up(transaction: Transaction, cause: Cause, *, days: int) -> list[RegisteredModel]:
    """The models whose folders are given up now: made by retraining, and idle for so many days.

    Never one that serves or that a rollback would let answer; nor one that made a stored score, that work under way is
    about, or that is still to be compared as a canary.
    """
    registry.hold(transaction)
    idle = registry.idle_since(transaction, cause.now - timedelta(days=days))
    made = {each.response["model_id"] for each in operations.over(transaction, RETRAIN_MODEL) if each.response}
    idle = [model for model in idle if model.model_id in made]
    if not idle:
        return []
    wanted = _wanted(transaction, cause.now)
    gone = [model for model in idle if model.model_id not in wanted]
    for model in gone:
        registry.give_up(transaction, model.model_id, cause.now)
        trail.done(transaction, cause, "models.giveUp", name(model.model_id), before={"folder": model.folder})
    return gone


def kept(snapshot: Snapshot, operation_ids: Sequence[str], now: datetime) -> dict[str, str | None]:
    """Of trainings that are over for long enough: the folder of the model that each made, None where none is wanted."""
    ended = {each.operation_id: each for each in operations.over(snapshot, RETRAIN_MODEL)}
    found: dict[str, str | None] = {}
    for operation_id in operation_ids:
        operation = ended.get(operation_id)
        if operation is None or operation.update_time > now - SETTLED:
            continue
        model = registry.get(snapshot, operation.response["model_id"]) if operation.response else None
        found[operation_id] = None if model is None or model.give_up_time is not None else model.folder
    return found


def _wanted(snapshot: Snapshot, now: datetime) -> set[str]:
    active = registry.active(snapshot)
    rolled_back_to = set() if active is None or active.predecessor is None else {active.predecessor}
    asked = {
        str(under_way.request[whose])
        for under_way in operations.all_under_way(snapshot)
        for whose in ("model_id", "against_id")
        if whose in under_way.request
    }
    runs = canary_readings.not_measured(snapshot, LONGEST, begun_before=now)
    return (
        rolled_back_to | asked | {who for run in runs for who in (run.model_id, run.against)} | scores.made_by(snapshot)
    )
