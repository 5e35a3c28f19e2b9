"""Use cases on the registry of trained networks."""

from collections.abc import Mapping
from typing import Any

from campaigns import trail
from campaigns.actor import Cause
from campaigns.errors import ModelChanged, ModelNotFound, NoActiveModel
from database import models
from database.models import RegisteredModel
from database.session import Snapshot, Transaction


def register(
    transaction: Transaction, cause: Cause, model_id: str, *, folder: str, manifest: Mapping[str, Any]
) -> RegisteredModel:
    """Make a trained network known as a candidate; one that is known already is answered as it stands."""
    known = models.get(transaction, model_id)
    if known is not None:
        return known
    model = models.register(transaction, model_id, folder, manifest, cause.now)
    trail.done(
        transaction, cause, "models.register", name(model_id), after={"state": model.state}, version=model.revision
    )
    return model


def activate(transaction: Transaction, cause: Cause, model_id: str, *, etag: str | None = None) -> RegisteredModel:
    """Let a model answer from here on. Raises ModelNotFound, ModelChanged."""
    model = models.locked(transaction, model_id)
    if model is None:
        raise ModelNotFound(f"there is no model {model_id}", model=name(model_id))
    if etag and etag != model.etag:
        raise ModelChanged(f"{name(model_id)} changed since it was read", etag=etag, current_etag=model.etag)
    before = models.active(transaction)
    activated = models.activate(transaction, model_id, cause.now)
    if activated is None:
        raise ModelNotFound(f"there is no model {model_id}", model=name(model_id))
    was = None if before is None else {"active": before.model_id}
    trail.done(
        transaction, cause, "models.activate", name(model_id), before=was, after={"active": model_id},
        version=activated.revision,
    )  # fmt: skip
    return activated


def get(snapshot: Snapshot, model_id: str) -> RegisteredModel:
    """One model. Raises ModelNotFound."""
    model = models.get(snapshot, model_id)
    if model is None:
        raise ModelNotFound(f"there is no model {model_id}", model=name(model_id))
    return model


def in_force(snapshot: Snapshot) -> RegisteredModel:
    """The model that answers. Raises NoActiveModel."""
    model = models.active(snapshot)
    if model is None:
        raise NoActiveModel("no model is active: train one and activate it (tierwise models activate)")
    return model


def name(model_id: str) -> str:
    """The resource name."""
    return f"models/{model_id}"
