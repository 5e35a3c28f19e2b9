"""Use cases on the registry of trained networks."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from campaigns import trail
from campaigns.actor import Cause
from campaigns.faults import Fault
from campaigns.models import canary_runs
from campaigns.models.gates import Report, check_passed
from campaigns.models.readiness import Readiness, readiness_of
from campaigns.models.refusals import (
    FolderTaken,
    InvalidStage,
    MarketsLost,
    ModelChanged,
    ModelNotFound,
    ModelNotMovable,
    ModelUnusable,
    NoActiveModel,
    NoEarlierModel,
)
from campaigns.models.stages import ANSWERING, Stage, State, check_move
from database.models import registry
from database.models.registry import RegisteredModel
from database.session import Snapshot, Transaction
from database.work import operations
from database.work.operations import JUDGE_MODEL
from scoring.folders.manifest import digest


def register(
    transaction: Transaction, cause: Cause, model_id: str, *, folder: str, manifest: Mapping[str, Any],
    moved: bool = False,
) -> RegisteredModel:  # fmt: skip
    """Make a trained network known as a candidate; one that is known already is answered as it stands.

    One that was `moved`, or whose folder was given up, lies in this folder from now on. Raises FolderTaken,
    and ModelUnusable where another model lies there.
    """
    registry.hold(transaction)
    known = registry.get(transaction, model_id)
    if known is not None and (known.folder == folder or not moved) and known.give_up_time is None:
        return known
    _check_folder(transaction, model_id, folder)
    if known is not None and known.give_up_time is None:
        _check_same(known, folder, manifest)
    before = None
    if known is None:
        model = registry.register(transaction, model_id, folder, manifest, cause.now)
    else:
        model, before = registry.lay(transaction, model_id, folder, manifest), {"folder": known.folder}
    after = {"state": model.state, "folder": folder, "manifest": digest(json.dumps(manifest, sort_keys=True).encode())}
    trail.done(
        transaction, cause, "models.register", name(model_id), before=before, after=after, version=model.revision
    )
    return model


def move(
    transaction: Transaction, cause: Cause, model_id: str, wanted: Stage, *,
    etag: str | None = None, action: str = "models.move", override: bool = False, lost: Sequence[str] = (),
    drop_markets: bool = False,
) -> RegisteredModel:  # fmt: skip
    """Put a model into a stage; whoever answered is retired by one that becomes ACTIVE. Nothing moves twice.

    `override` lets it answer although it did not pass its gates, for the cause's reason; `drop_markets` although those
    that are `lost` have an adapter of the model that answers, and none of this one.
    Raises ModelNotFound, ModelChanged, InvalidStage, ModelNotMovable, StageTaken, NoActiveModel, ModelNotJudged,
    GatesNotPassed, MarketsLost.
    """
    model = _held(transaction, model_id, etag)
    if stage_of(model) == wanted:
        return model
    serving = registry.serving(transaction)
    holders = {State(state): name(holder.model_id) for state, holder in serving.items()}
    check_move(name(model_id), stage_of(model), wanted, holders)
    if wanted.state is not State.RETIRED:
        check_kept(model)
    before = serving.get(State.ACTIVE)
    if before is not None and wanted.state in ANSWERING and model.activate_time is None:
        check_passed(
            name(model_id), report(transaction, model_id), before.model_id, override=_why(cause, override=override)
        )
    if wanted.state in ANSWERING and lost and not drop_markets:
        _refuse_loss(model_id, lost)
    if wanted.state is State.ACTIVE:
        registry.follow(transaction, model_id, None if before is None else before.model_id)
        if before is not None:
            registry.move(transaction, before.model_id, State.RETIRED, now=cause.now)
    moved = registry.move(transaction, model_id, wanted.state, canary_share=wanted.canary_share, now=cause.now)
    canary_runs.follow(transaction, cause.now)
    trail.done(
        transaction, cause, action, name(model_id), before=_told(stage_of(model), before),
        after=_told(wanted, None) | ({"override": True} if override else {}) | _dropped(wanted, lost),
        version=moved.revision,
    )  # fmt: skip
    return moved


def activate(
    transaction: Transaction, cause: Cause, model_id: str, *,
    etag: str | None = None, override: bool = False, lost: Sequence[str] = (), drop_markets: bool = False,
) -> RegisteredModel:  # fmt: skip
    """Let a model answer from here on. Raises as `move` does."""
    return move(
        transaction, cause, model_id, Stage(State.ACTIVE), etag=etag, action="models.activate", override=override,
        lost=lost, drop_markets=drop_markets,
    )  # fmt: skip


def report(snapshot: Snapshot, model_id: str) -> Report | None:
    """What the model proved when it was judged last; None while it is judged, and where it never was."""
    newest = operations.newest(snapshot, JUDGE_MODEL, model_id=model_id)
    return None if newest is None or newest.response is None else Report.of(newest.request, newest.response)


def readiness(snapshot: Snapshot, models: Iterable[RegisteredModel]) -> dict[str, Readiness]:
    """By id, whether each may answer as things stand."""
    active = registry.active(snapshot)
    return {each.model_id: readiness_of(each, active, report(snapshot, each.model_id)) for each in models}


def roll_back(
    transaction: Transaction, cause: Cause, model_id: str, *, etag: str | None = None, lost: Sequence[str] = ()
) -> RegisteredModel:
    """Retire the model that answers, and let the one before answer again, which is returned.

    It is in haste: markets that are `lost` by it are told in the audit log, and keep nobody.
    Raises ModelNotFound, ModelChanged, ModelNotMovable for a model that does not answer, NoEarlierModel.
    """
    model = _held(transaction, model_id, etag)
    if model.state != State.ACTIVE:
        raise ModelNotMovable(
            f"{name(model_id)} is {model.state}: only the model that answers can be rolled back",
            model=name(model_id), state=model.state,
        )  # fmt: skip
    if model.predecessor is None:
        raise NoEarlierModel(f"no model answered before {name(model_id)}", model=name(model_id))
    check_kept(get(transaction, model.predecessor))
    retired = registry.move(transaction, model_id, State.RETIRED, now=cause.now)
    back = registry.move(transaction, model.predecessor, State.ACTIVE, now=cause.now)
    canary_runs.follow(transaction, cause.now)
    trail.done(
        transaction, cause, "models.rollBack", name(model_id), before={"active": model_id},
        after={"active": back.model_id} | _dropped(Stage(State.ACTIVE), lost), version=retired.revision,
    )  # fmt: skip
    return back


def set_aside(transaction: Transaction, cause: Cause, model_id: str, fault: Fault) -> RegisteredModel | None:
    """Retire a canary that does not answer; None where it is the canary no more.

    Raises ModelNotFound.
    """
    model = _held(transaction, model_id, None)
    if model.state != State.CANARY:
        return None
    retired = registry.move(transaction, model_id, State.RETIRED, now=cause.now)
    canary_runs.follow(transaction, cause.now, fault=fault)
    trail.done(
        transaction, replace(cause, reason=fault.sentence()), "models.setAside", name(model_id),
        before=_told(stage_of(model), None), after=_told(stage_of(retired), None), version=retired.revision,
    )  # fmt: skip
    return retired


def earlier(snapshot: Snapshot, model_id: str) -> RegisteredModel | None:
    """The model that answered before this one."""
    model = registry.get(snapshot, model_id)
    return None if model is None or model.predecessor is None else registry.get(snapshot, model.predecessor)


def get(snapshot: Snapshot, model_id: str) -> RegisteredModel:
    """One model. Raises ModelNotFound."""
    return ModelNotFound.unless(registry.get(snapshot, model_id), name(model_id))


def in_force(snapshot: Snapshot) -> RegisteredModel:
    """The model that answers. Raises NoActiveModel."""
    model = registry.active(snapshot)
    if model is None:
        raise NoActiveModel("no model is active: train one and activate it (tierwise models activate)")
    return model


def check_kept(model: RegisteredModel) -> None:
    """Raises ModelUnusable for a model whose folder was given up."""
    if model.give_up_time is not None:
        raise ModelUnusable(
            f"{name(model.model_id)}: its folder was removed on {model.give_up_time:%Y-%m-%d}, since nobody used it "
            "for long (TIERWISE_KEEP_MODELS_DAYS); register a copy of it, or train again",
            model=name(model.model_id),
        )


def name(model_id: str) -> str:
    """The resource name."""
    return f"models/{model_id}"


def stage_of(model: RegisteredModel) -> Stage:
    """Where it stands."""
    return Stage(State(model.state), model.canary_share)


def _held(transaction: Transaction, model_id: str, etag: str | None) -> RegisteredModel:
    """A model that nobody else moves until the transaction ends."""
    registry.hold(transaction)
    model = get(transaction, model_id)
    ModelChanged.check(name(model_id), etag, model.etag)
    return model


def _check_folder(transaction: Transaction, model_id: str, folder: str) -> None:
    """Raises FolderTaken where another model lies."""
    for other in registry.in_folder(transaction, folder):
        raise FolderTaken(
            f"{folder} is the folder of {name(other.model_id)}: move {name(model_id)} into another one, and register "
            "it there",
            model=name(other.model_id), folder=folder,
        )  # fmt: skip


def _check_same(known: RegisteredModel, folder: str, manifest: Mapping[str, Any]) -> None:
    """Raises ModelUnusable where the model in a folder is not what was registered."""
    if known.manifest != manifest:
        raise ModelUnusable(
            f"{folder} says something else of itself than {known.folder} when {name(known.model_id)} was registered: "
            "what was judged is moved as it is",
            model=name(known.model_id),
        )


def _refuse_loss(model_id: str, lost: Sequence[str]) -> NoReturn:
    """Of markets that the model that answers has an adapter of, and this one has not."""
    raise MarketsLost(
        f"{name(model_id)} has no adapter of {', '.join(lost)}, and the model that answers has: adapt it to "
        f"{'this market' if len(lost) == 1 else 'these markets'} (tierwise adapt), or say that they are dropped",
        model=name(model_id), markets=",".join(lost),
    )  # fmt: skip


def _why(cause: Cause, *, override: bool) -> str | None:
    """Raises InvalidStage for an override that says no reason."""
    if override and not cause.reason:
        raise InvalidStage("reason: an override of gates needs one", field="reason")
    return cause.reason if override else None


def _dropped(stage: Stage, lost: Sequence[str]) -> dict[str, str]:
    return {"dropped_markets": ", ".join(lost)} if lost and stage.state in ANSWERING else {}


def _told(stage: Stage, active: RegisteredModel | None) -> dict[str, str | float]:
    """For the audit log: the stage, and which model answered."""
    told: dict[str, str | float] = {"state": stage.state}
    if stage.canary_share is not None:
        told["canary_share"] = stage.canary_share
    if active is not None:
        told["active"] = active.model_id
    return told
