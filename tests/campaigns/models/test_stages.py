"""Which stages a model may come to, and what they keep."""

from dataclasses import replace

import pytest
from made.campaigns import NOW, add_model, audit_lines, counts, make_cause, prove, register_model

from campaigns.models import registry
from campaigns.models.gates import Gate, Report, Verdict, check_passed
from campaigns.models.grounds import Ground, Why
from campaigns.models.refusals import (
    FolderTaken,
    GatesNotPassed,
    InvalidStage,
    ModelChanged,
    ModelNotFound,
    ModelNotJudged,
    ModelNotMovable,
    NoActiveModel,
    NoEarlierModel,
    StageTaken,
)
from campaigns.models.stages import Stage, State, check_move
from database.audit import log
from database.audit.log import ALL
from database.models import registry as stored_models
from database.models.registry import RegisteredModel
from database.session import Database

CANARY = Stage(State.CANARY, 0.1)
HOLDERS = {State.ACTIVE: "models/live"}


@pytest.mark.parametrize("now", list(State))
def test_a_model_that_answers_leaves_only_for_another_one(now: State) -> None:
    allowed = []
    for wanted in State:
        try:
            check_move("models/m", Stage(now), Stage(wanted, 0.1 if wanted is State.CANARY else None), HOLDERS)
        except ModelNotMovable:
            continue
        allowed.append(wanted)

    assert (
        allowed
        == {
            State.CANDIDATE: [State.SHADOW, State.CANARY, State.ACTIVE, State.RETIRED],
            State.SHADOW: [State.CANARY, State.ACTIVE, State.RETIRED],
            State.CANARY: [State.SHADOW, State.CANARY, State.ACTIVE, State.RETIRED],
            State.ACTIVE: [],
            State.RETIRED: [State.SHADOW, State.CANARY, State.ACTIVE],
        }[now]
    )


@pytest.mark.parametrize(
    "wanted",
    [Stage(State.CANARY), Stage(State.CANARY, 0.0), Stage(State.CANARY, 0.51), Stage(State.SHADOW, 0.1)],
)
def test_a_canary_has_a_share_of_the_customers_and_nothing_else_has(wanted: Stage) -> None:
    with pytest.raises(InvalidStage) as refused:
        check_move("models/m", Stage(State.CANDIDATE), wanted, HOLDERS)

    assert refused.value.metadata == {"field": "canary_share"}


def test_a_place_that_is_taken_says_by_whom() -> None:
    with pytest.raises(StageTaken) as refused:
        check_move("models/m", Stage(State.SHADOW), CANARY, HOLDERS | {State.CANARY: "models/other"})

    assert refused.value.metadata == {"model": "models/other"}
    check_move("models/m", CANARY, Stage(State.CANARY, 0.2), HOLDERS | {State.CANARY: "models/m"})


def test_nothing_stands_beside_a_model_that_is_not_there() -> None:
    with pytest.raises(NoActiveModel):
        check_move("models/m", Stage(State.CANDIDATE), CANARY, {})

    check_move("models/m", Stage(State.CANDIDATE), Stage(State.ACTIVE), {})


def move(database: Database, model_id: str, wanted: Stage, *, etag: str | None = None) -> RegisteredModel:
    with database.writing() as transaction:
        return registry.move(transaction, make_cause(), model_id, wanted, etag=etag)


def stages(database: Database) -> dict[str, Stage]:
    with database.reading() as snapshot:
        return {model.model_id: registry.stage_of(model) for model in stored_models.page(snapshot, limit=9)}


def test_a_model_is_promoted_step_by_step_and_each_is_on_record(database: Database) -> None:
    add_model(database, "m1")
    register_model(database, "m2")
    prove(database, "m2")

    move(database, "m2", Stage(State.SHADOW))
    canary = move(database, "m2", CANARY)
    again = move(database, "m2", CANARY)
    active = move(database, "m2", Stage(State.ACTIVE), etag=again.etag)

    assert (canary.canary_share, canary.move_time, canary.etag) == (0.1, NOW, "3")
    assert again == canary, "nothing moves twice"
    assert (active.predecessor, active.canary_share, active.activate_time) == ("m1", None, NOW)
    assert stages(database) == {"m1": Stage(State.RETIRED), "m2": Stage(State.ACTIVE)}
    assert [line for line in audit_lines(database) if line[0] == "models.move"] == [
        ("models.move", "models/m2", "OK")
    ] * 3


def test_a_model_answers_only_when_it_passed_its_gates_beside_the_one_that_answers(database: Database) -> None:
    add_model(database, "m1")
    register_model(database, "m2")
    with pytest.raises(ModelNotJudged):
        move(database, "m2", CANARY)
    prove(database, "m2", verdict=Verdict.FAILED)
    with pytest.raises(GatesNotPassed) as refused:
        move(database, "m2", CANARY)
    prove(database, "m2")
    add_model(database, "m3")
    with pytest.raises(ModelNotJudged):
        move(database, "m2", Stage(State.ACTIVE))

    assert refused.value.metadata == {"model": "models/m2", "gates": "ece"}
    assert stages(database) == {
        "m1": Stage(State.RETIRED), "m2": Stage(State.CANDIDATE), "m3": Stage(State.ACTIVE),
    }  # fmt: skip
    assert move(database, "m1", Stage(State.ACTIVE)).state == "ACTIVE", "one that has answered proves nothing anew"


def test_what_holds_several_gates_back_is_said_once() -> None:
    early = Ground(why=Why.TOO_EARLY, facts={"until": "2026-11-28", "day": "2026-12-28"})
    held = Gate(name="auc", value=None, limit=0.0, verdict=Verdict.NOT_MEASURED, ground=early)
    gates = [held, replace(held, name="log_loss"), replace(held, name="drift", ground=Ground(why=Why.NO_HISTOGRAMS))]
    with pytest.raises(GatesNotPassed) as refused:
        check_passed("models/m2", Report(model_id="m2", against_id="m1", gates=gates), "m1", override=None)

    assert refused.value.message == (
        "models/m2 did not pass: auc, log_loss: one of both learned until 2026-11-28: no window is new to both before "
        "2026-12-28; drift: its manifest holds no histograms of features"
    )


def test_whoever_overrides_the_gates_says_why_and_is_on_record(database: Database) -> None:
    add_model(database, "m1")
    register_model(database, "m2")
    with pytest.raises(InvalidStage), database.writing() as transaction:
        registry.move(transaction, make_cause(), "m2", CANARY, override=True)

    with database.writing() as transaction:
        registry.move(transaction, make_cause(reason="the old one is wrong"), "m2", CANARY, override=True)

    with database.reading() as snapshot:
        line = log.page(snapshot, ALL, limit=1, before=None)[0]
    assert (line.reason, line.after) == (
        "the old one is wrong", {"state": "CANARY", "canary_share": 0.1, "override": True},
    )  # fmt: skip


def test_a_rolled_back_model_makes_room_for_the_one_before(database: Database) -> None:
    for model_id in ("m1", "m2", "m3"):
        add_model(database, model_id)

    for model_id, back in (("m3", "m2"), ("m2", "m1")):
        with database.writing() as transaction:
            assert registry.roll_back(transaction, make_cause(), model_id).model_id == back

    assert stages(database) == {
        "m1": Stage(State.ACTIVE), "m2": Stage(State.RETIRED), "m3": Stage(State.RETIRED),
    }  # fmt: skip
    with pytest.raises(NoEarlierModel), database.writing() as transaction:
        registry.roll_back(transaction, make_cause(), "m1")


def test_what_is_refused_changes_nothing(database: Database) -> None:
    add_model(database, "m1")
    register_model(database, "m2")
    before, lines = stages(database), counts(database, "audit_log")

    with pytest.raises(ModelNotMovable):
        move(database, "m1", Stage(State.SHADOW))
    with pytest.raises(ModelNotFound):
        move(database, "m9", CANARY)
    with pytest.raises(ModelChanged):
        move(database, "m2", CANARY, etag="7")
    with pytest.raises(ModelNotMovable), database.writing() as transaction:
        registry.roll_back(transaction, make_cause(), "m2")

    assert (stages(database), counts(database, "audit_log")) == (before, lines)


def test_two_models_cannot_have_one_folder(database: Database) -> None:
    register_model(database, "m1", "/models/here")
    with pytest.raises(FolderTaken, match="/models/here is the folder of models/m1: move models/m2 into another one"):
        register_model(database, "m2", "/models/here")
    register_model(database, "m1", "/models/here")

    with database.reading() as snapshot:
        assert [model.model_id for model in stored_models.in_folder(snapshot, "/models/here")] == ["m1"]
