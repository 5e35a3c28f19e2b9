"""The registry of trained networks: which there are, and which one answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from database.session import Snapshot, Transaction
from database.tables import ModelRow

FRESH = {"populate_existing": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A trained network; its weights are the folder."""

    model_id: str
    folder: str
    manifest: Mapping[str, Any]
    state: str
    """CANDIDATE, ACTIVE or RETIRED; at most one is ACTIVE."""
    revision: int
    create_time: datetime
    activate_time: datetime | None

    @property
    def etag(self) -> str:
        """Changes with every change of state."""
        return str(self.revision)


def register(
    transaction: Transaction, model_id: str, folder: str, manifest: Mapping[str, Any], now: datetime
) -> RegisteredModel:
    """Make a candidate known; one that is known already is answered as it stands."""
    transaction.execute(
        insert(ModelRow)
        .values(model_id=model_id, folder=folder, manifest=dict(manifest), state="CANDIDATE", create_time=now)
        .on_conflict_do_nothing(index_elements=[ModelRow.model_id])
    )
    row = transaction.scalars(select(ModelRow).where(ModelRow.model_id == model_id).execution_options(**FRESH)).one()
    return _model(row)


def locked(transaction: Transaction, model_id: str) -> RegisteredModel | None:
    """A model that nobody else changes until the transaction ends."""
    query = select(ModelRow).where(ModelRow.model_id == model_id).with_for_update().execution_options(**FRESH)
    return _maybe(transaction.scalars(query).one_or_none())


def activate(transaction: Transaction, model_id: str, now: datetime) -> RegisteredModel | None:
    """Let this model answer and retire the one that did; None when there is no such model."""
    if locked(transaction, model_id) is None:
        return None
    retire = update(ModelRow).where(ModelRow.state == "ACTIVE", ModelRow.model_id != model_id)
    transaction.execute(retire.values(state="RETIRED", revision=ModelRow.revision + 1))
    transaction.execute(
        update(ModelRow)
        .where(ModelRow.model_id == model_id, ModelRow.state != "ACTIVE")
        .values(state="ACTIVE", revision=ModelRow.revision + 1, activate_time=now)
    )
    return get(transaction, model_id)


def active(snapshot: Snapshot) -> RegisteredModel | None:
    """The model that answers."""
    return _maybe(snapshot.scalars(select(ModelRow).where(ModelRow.state == "ACTIVE")).one_or_none())


def get(snapshot: Snapshot, model_id: str) -> RegisteredModel | None:
    """One model."""
    query = select(ModelRow).where(ModelRow.model_id == model_id).execution_options(**FRESH)
    return _maybe(snapshot.scalars(query).one_or_none())


def page(snapshot: Snapshot, *, limit: int, after: tuple[datetime, str] | None = None) -> list[RegisteredModel]:
    """Newest first; `after` is (create_time, model_id) of the last one seen."""
    key = tuple_(ModelRow.create_time, ModelRow.model_id)
    query = select(ModelRow).order_by(ModelRow.create_time.desc(), ModelRow.model_id.desc()).limit(limit)
    if after is not None:
        query = query.where(key < after)
    return [_model(row) for row in snapshot.scalars(query)]


def _maybe(row: ModelRow | None) -> RegisteredModel | None:
    return None if row is None else _model(row)


def _model(row: ModelRow) -> RegisteredModel:
    return RegisteredModel(
        model_id=row.model_id, folder=row.folder, manifest=row.manifest, state=row.state, revision=row.revision,
        create_time=row.create_time, activate_time=row.activate_time,
    )  # fmt: skip
