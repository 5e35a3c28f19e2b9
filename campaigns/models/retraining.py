"""A model of the shop as it is now: begun by an operator or the clock, trained by a worker, judged when it is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.models import judging, registry
from campaigns.models.refusals import RetrainingRunning, TrainedInPrivate
from campaigns.work import jobs
from database.models import registry as stored_models
from database.models.registry import RegisteredModel
from database.session import Transaction
from database.work import operations
from database.work.operations import RETRAIN_MODEL, Operation

KEPT_BACK = timedelta(days=30)
"""The latest events, which it is judged by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining:
    """What it is pinned to when it begins, so that a resumed one makes the same model."""

    as_of: datetime
    """It learns from events before."""
    configuration: Mapping[str, Any] | None
    """Of the active model; None for the usual one."""

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        """From an operation's request."""
        return cls(as_of=datetime.fromisoformat(request["as_of"]), configuration=request["configuration"])

    def request(self) -> dict[str, Any]:
        """For an operation."""
        return {"as_of": self.as_of.isoformat(), "configuration": self.configuration}


def begin(transaction: Transaction, cause: Cause) -> Operation:
    """Train a candidate as the active model was trained. Raises NoActiveModel, TrainedInPrivate, RetrainingRunning."""
    operations.hold(transaction, RETRAIN_MODEL)
    other = operations.running(transaction, RETRAIN_MODEL)
    if other is not None:
        raise RetrainingRunning(f"{other.name} is training: wait for it or cancel it", operation=other.name)
    active = registry.in_force(transaction)
    if _in_private(active):
        raise TrainedInPrivate(
            f"{active.model_id} was trained in private: to train again spends its promise to customers anew; decide on "
            "it by `tierwise train --private-epsilon`"
        )
    return _begin(transaction, cause, uuid4().hex, active)


def begin_due(transaction: Transaction, cause: Cause, *, due: datetime) -> Operation | None:
    """The training that was due: None when one was begun since, or is running, so that two clocks do no harm.

    None also where no model answers, or one that was trained in private: those are trained by hand. What a clock that
    went back began after the next night does not count.
    """
    operation_id = f"retrain-{due:%Y-%m-%dT%H-%MZ}"
    operations.hold(transaction, RETRAIN_MODEL)
    latest, active = operations.newest(transaction, RETRAIN_MODEL), stored_models.active(transaction)
    since = latest is not None and (not latest.done or due <= latest.create_time < due + timedelta(days=1))
    if active is None or _in_private(active) or since or operations.get(transaction, operation_id) is not None:
        return None
    return _begin(transaction, cause, operation_id, active)


def _in_private(model: RegisteredModel) -> bool:
    return "privacy" in model.manifest


def _begin(transaction: Transaction, cause: Cause, operation_id: str, active: RegisteredModel) -> Operation:
    pinned = Retraining(as_of=cause.now - KEPT_BACK, configuration=active.manifest.get("configuration"))
    return jobs.begin(
        transaction, cause, operation_id, RETRAIN_MODEL, pinned.request(), total_count=None,
        action="models.retrain", object_name="models",
    )  # fmt: skip


def goes_on(transaction: Transaction, operation: Operation, *, starts: int, now: datetime) -> bool:
    """A sign of life, with how often learning was started. False when it is over."""
    cursor = str(starts)
    return operations.advance(transaction, operation, cursor, count=0, now=now)


def finish(
    transaction: Transaction, operation: Operation, cause: Cause, model_id: str, *,
    folder: str, manifest: Mapping[str, Any],
) -> bool:  # fmt: skip
    """Make the model known and have it judged beside the active one. False when another worker was faster."""
    if not operations.finish(transaction, operation.operation_id, {"model_id": model_id}, cause.now):
        return False
    registry.register(transaction, cause, model_id, folder=folder, manifest=manifest)
    active = stored_models.active(transaction)
    if active is not None and active.model_id != model_id:
        judging.begin(transaction, cause, model_id)
    trail.done(transaction, cause, "models.retrain.finish", registry.name(model_id))
    return True
