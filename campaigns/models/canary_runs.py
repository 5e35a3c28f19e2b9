"""Since when a model is the canary beside the active one: kept whenever a model moves, and readable afterwards."""

from datetime import datetime

from campaigns.faults import Fault
from campaigns.models.refusals import ModelNeverCanary, ModelNotFound
from campaigns.models.stages import State
from database.models import canary_runs, registry
from database.models.canary_runs import CanaryRun
from database.session import Snapshot, Transaction


def follow(transaction: Transaction, now: datetime, *, fault: Fault | None = None) -> None:
    """Write down what a move made of the canary; `fault` is why it was set aside by itself.

    A run is of two models: where another one becomes active beside the canary, another run begins.
    """
    serving = registry.serving(transaction)
    canary, active = serving.get(State.CANARY), serving.get(State.ACTIVE)
    pair = None if canary is None or active is None else (canary.model_id, active.model_id)
    run = canary_runs.under_way(transaction)
    if run is not None and (run.model_id, run.against) != pair:
        said, why = (None, None) if fault is None else (fault.sentence(), fault.why)
        canary_runs.end(transaction, now, fault=said, why=why)
        run = None
    if canary is None or active is None or canary.canary_share is None:
        return
    if run is None:
        canary_runs.begin(transaction, canary.model_id, active.model_id, canary.canary_share, now)
    elif run.share != canary.canary_share:
        canary_runs.change_share(transaction, canary.canary_share)


def of_model(snapshot: Snapshot, model_id: str, number: int | None = None) -> CanaryRun:
    """A run of a model as the canary, the newest where no number is given. Raises ModelNotFound, ModelNeverCanary."""
    ModelNotFound.unless(registry.get(snapshot, model_id), f"models/{model_id}")
    found = [run for run in canary_runs.of_model(snapshot, model_id) if number in (None, run.number)]
    if not found:
        which = "was never a canary" if number is None else f"has no run {number} as a canary"
        raise ModelNeverCanary(f"models/{model_id} {which}: there is nothing to compare", model=f"models/{model_id}")
    return found[0]
