"""The registry of trained networks: which there are, and what each is there for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from database.models.tables import ModelRow
from database.session import Snapshot, Transaction

ACTIVE = "ACTIVE"
SERVING = ("SHADOW", "CANARY", ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A trained network; its weights are the folder."""

    model_id: str
    folder: str
    manifest: Mapping[str, Any]
    state: str
    """CANDIDATE, SHADOW, CANARY, ACTIVE or RETIRED; at most one each is SHADOW, CANARY and ACTIVE."""
    canary_share: float | None
    """Of the customers whom a CANARY answers about."""
    predecessor: str | None
    """Which model answered when this one became ACTIVE."""
    revision: int
    create_time: datetime
    activate_time: datetime | None
    move_time: datetime | None
    """Into its state or its share; None where it never moved."""
    give_up_time: datetime | None = None
    """Since when its folder is removed; None where it is kept."""

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
    row = transaction.scalars(select(ModelRow).where(ModelRow.model_id == model_id)).one()
    return row.held(RegisteredModel)


def hold(transaction: Transaction) -> None:
    """Let no other transaction move a model until this one ends."""
    transaction.execute(text("SELECT pg_advisory_xact_lock(hashtext('models'))"))


def move(
    transaction: Transaction, model_id: str, state: str, *, canary_share: float | None = None, now: datetime
) -> RegisteredModel:
    """Put a known model into a state."""
    activated = {"activate_time": now} if state == ACTIVE else {}
    return _changed(transaction, model_id, state=state, canary_share=canary_share, move_time=now, **activated)


def follow(transaction: Transaction, model_id: str, predecessor: str | None) -> None:
    """Note which model answers until this one does."""
    transaction.execute(update(ModelRow).where(ModelRow.model_id == model_id).values(predecessor=predecessor))


def serving(snapshot: Snapshot) -> dict[str, RegisteredModel]:
    """The models that are asked about customers, by their states."""
    rows = snapshot.scalars(select(ModelRow).where(ModelRow.state.in_(SERVING)))
    return {row.state: row.held(RegisteredModel) for row in rows}


def active(snapshot: Snapshot) -> RegisteredModel | None:
    """The model that answers."""
    return _maybe(snapshot.scalars(select(ModelRow).where(ModelRow.state == ACTIVE)).one_or_none())


def get(snapshot: Snapshot, model_id: str) -> RegisteredModel | None:
    query = select(ModelRow).where(ModelRow.model_id == model_id)
    return _maybe(snapshot.scalars(query).one_or_none())


def in_folder(snapshot: Snapshot, folder: str) -> list[RegisteredModel]:
    """The models whose files are there."""
    query = select(ModelRow).where(ModelRow.folder == folder, ModelRow.give_up_time.is_(None))
    return [row.held(RegisteredModel) for row in snapshot.scalars(query)]


def idle_since(snapshot: Snapshot, before: datetime) -> list[RegisteredModel]:
    """The models with a folder that serve nothing and last moved before this time, or came and never moved."""
    query = select(ModelRow).where(
        ModelRow.state.not_in(SERVING), ModelRow.give_up_time.is_(None),
        func.coalesce(ModelRow.move_time, ModelRow.create_time) < before,
    ).order_by(ModelRow.create_time)  # fmt: skip
    return [row.held(RegisteredModel) for row in snapshot.scalars(query)]


def give_up(transaction: Transaction, model_id: str, now: datetime) -> RegisteredModel:
    """Its folder counts no more from here on."""
    return _changed(transaction, model_id, give_up_time=now)


def lay(transaction: Transaction, model_id: str, folder: str, manifest: Mapping[str, Any]) -> RegisteredModel:
    """A known model lies there from here on."""
    return _changed(transaction, model_id, give_up_time=None, folder=folder, manifest=dict(manifest))


def page(
    snapshot: Snapshot, *, limit: int, after: tuple[datetime, str] | None = None, states: Collection[str] = ()
) -> list[RegisteredModel]:
    """Newest first, in whatever state or in some; `after` is (create_time, model_id) of the last one seen."""
    key = tuple_(ModelRow.create_time, ModelRow.model_id)
    query = select(ModelRow).order_by(ModelRow.create_time.desc(), ModelRow.model_id.desc()).limit(limit)
    if states:
        query = query.where(ModelRow.state.in_(states))
    if after is not None:
        query = query.where(key < after)
    return [row.held(RegisteredModel) for row in snapshot.scalars(query)]


def _changed(transaction: Transaction, model_id: str, **values: object) -> RegisteredModel:
    changed = update(ModelRow).where(ModelRow.model_id == model_id).returning(ModelRow)
    anew = {**values, "revision": ModelRow.revision + 1}
    return transaction.scalars(changed.values(anew)).one().held(RegisteredModel)


def _maybe(row: ModelRow | None) -> RegisteredModel | None:
    return None if row is None else row.held(RegisteredModel)
