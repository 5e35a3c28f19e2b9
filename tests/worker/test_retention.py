"""Folders of candidates that nobody uses any more are removed, and never one that somebody may need."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from made.campaigns import add_customers, make_cause, make_score
from made.histories import AS_OF
from networks.tiny_model import tiny_model, write_tiny_model

from campaigns.faults import Fault
from campaigns.models import judging, registry, retraining
from campaigns.models.refusals import ModelUnusable
from campaigns.models.stages import Stage, State
from database.audit import log
from database.audit.log import ALL
from database.models import scores
from database.session import Database
from database.work import duties as stored_duties
from database.work import operations
from database.work.duties import Duty
from scoring.folders import folder
from settings import Settings
from worker.clock import duties
from worker.clock.model_folders import MINUTE, tidy
from worker.tools import Tools

LONG_AGO = make_cause(AS_OF - timedelta(days=40))
NOW = AS_OF.replace(minute=MINUTE)


@pytest.fixture
def tools(database_url: str, tmp_path: Path) -> Iterator[Tools]:
    made = Tools(settings=Settings(home=tmp_path), database_url=database_url)
    with closing(made.database):
        yield made


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Database:
    """A model that was trained by hand answers; it lies beside what retraining makes."""
    with database.writing() as transaction:
        place = str(write_tiny_model(tmp_path / "models", "by-hand"))
        registry.register(transaction, LONG_AGO, "by-hand", folder=place, manifest={})
        registry.activate(transaction, LONG_AGO, "by-hand")
    return database


def retrained(shop: Database, tools: Tools, model_id: str, *, judged: bool = True) -> Path:
    """Where the candidate lies that a night made, as far as its training is concerned."""
    with shop.writing() as transaction:
        operation = retraining.begin(transaction, LONG_AGO)
        written = folder.write(tiny_model(model_id), tools.settings.models / operation.operation_id)
        written.with_name(f".{written.name}.lock").touch()
        retraining.finish(transaction, operation, LONG_AGO, model_id, folder=str(written.resolve()), manifest={})
        judgement = operations.running(transaction, operations.JUDGE_MODEL, model_id=model_id)
        assert judgement is not None
        if judged:
            operations.fail(transaction, judgement.operation_id, "a test needs it", LONG_AGO.now)
    return written


def move(shop: Database, model_id: str, state: State, *, days_ago: int = 40) -> None:
    cause = make_cause(AS_OF - timedelta(days=days_ago), reason="a test needs it")
    with shop.writing() as transaction:
        registry.move(transaction, cause, model_id, Stage(state), override=True)


def test_what_was_idle_for_long_goes_and_what_somebody_may_need_stays(shop: Database, tools: Tools) -> None:
    idle, rejected = retrained(shop, tools, "idle"), retrained(shop, tools, "rejected")
    move(shop, "rejected", State.RETIRED)
    kept = [retrained(shop, tools, name) for name in ("before", "active", "shadow", "late", "scored")]
    kept.append(retrained(shop, tools, "being-judged", judged=False))
    for model_id, state, days_ago in (
        ("before", State.ACTIVE, 40), ("active", State.ACTIVE, 40), ("shadow", State.SHADOW, 40),
        ("late", State.RETIRED, 29),
    ):  # fmt: skip
        move(shop, model_id, state, days_ago=days_ago)
    add_customers(shop, ["anna"])
    with shop.writing() as transaction:
        scores.store(transaction, [make_score("anna", model_id="scored")], operation_id="x", now=AS_OF)

    assert tidy(tools, NOW + timedelta(minutes=1)) == 0
    assert tidy(tools, NOW) == 2
    assert tidy(tools, NOW) == 0

    assert [place.exists() for place in (idle, rejected)] == [False, False]
    assert all(place.exists() for place in kept)
    names = {path.name for path in tools.settings.models.iterdir()}
    assert names == {"by-hand", *(place.name for place in kept)}, "nothing else is left, and no lock"
    with shop.reading() as snapshot:
        lines = [line for line in log.page(snapshot, ALL, limit=99) if line.action == "models.giveUp"]
        assert registry.get(snapshot, "idle").give_up_time == NOW
    assert {(line.actor, line.object_name) for line in lines} == {
        ("process:beat", "models/idle"), ("process:beat", "models/rejected"),
    }  # fmt: skip


def test_a_folder_that_cannot_be_removed_keeps_none_of_the_others_and_is_told_until_it_went(
    shop: Database, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    places = sorted(retrained(shop, tools, name) for name in ("idle", "late"))
    lock = places[0].with_name(f".{places[0].name}.lock")
    lock.unlink()
    lock.mkdir()
    for minutes in (-1, 0, 1):
        now = NOW + timedelta(minutes=minutes)
        duties.do(shop, {Duty.REMOVE_FOLDERS: partial(tidy, tools, now)}, now, log_id="t7")
    with shop.reading() as snapshot:
        (standing,) = stored_duties.standing(snapshot)
    assert [place.exists() for place in places] == [True, False]
    lock.rmdir()
    duties.do(shop, {Duty.REMOVE_FOLDERS: partial(tidy, tools, now)}, now, log_id="t7")

    words = f"{tools.settings.models} cannot be written: Is a directory; make room there, or give the worker the right"
    assert not places[0].exists()
    assert Fault.read(standing.error, standing.why).sentence().startswith(words)
    assert sum(words in message for message in caplog.messages) == 1
    with shop.reading() as snapshot:
        assert not stored_duties.standing(snapshot)[0].late(now)


def test_a_model_without_a_folder_does_not_serve_until_a_copy_of_it_is_registered(
    shop: Database, tools: Tools, tmp_path: Path
) -> None:
    place = retrained(shop, tools, "idle")
    tidy(tools, NOW)
    with pytest.raises(ModelUnusable, match="models/idle: its folder was removed on 2026-07-01"):
        move(shop, "idle", State.SHADOW)
    with shop.writing() as transaction, pytest.raises(ModelUnusable):
        judging.begin(transaction, LONG_AGO, "idle")

    copy = write_tiny_model(tmp_path, "idle")
    with shop.writing() as transaction:
        back = registry.register(transaction, LONG_AGO, "idle", folder=str(copy), manifest={})
    move(shop, "idle", State.SHADOW)
    tidy(tools, NOW)

    assert (back.folder, back.give_up_time) == (str(copy), None)
    assert copy.exists()
    assert not place.exists()


def test_what_trainings_that_came_to_nothing_left_goes_an_hour_later(shop: Database, tools: Tools) -> None:
    with shop.writing() as transaction:
        operation = retraining.begin(transaction, make_cause(NOW))
    models = tools.settings.models
    for left in (operation.operation_id, f".{operation.operation_id}.1f.checkpoints"):
        (models / left).mkdir()
    (models / f".{operation.operation_id}.refused").touch()
    (models / ".by-hand.0a1b2c3d.unfinished").mkdir()
    assert tidy(tools, NOW + timedelta(days=1)) == 0
    assert not (models / ".by-hand.0a1b2c3d.unfinished").exists(), "whoever wrote it is no more"
    whole = sorted(models.iterdir())
    assert tidy(tools, NOW + timedelta(days=1)) == 0
    assert sorted(models.iterdir()) == whole, "it is still under way"
    with shop.writing() as transaction:
        operations.fail(transaction, operation.operation_id, "a test needs it", NOW)

    assert tidy(tools, NOW) == 0
    assert tidy(tools, NOW + timedelta(hours=2)) == 1
    assert [path.name for path in models.iterdir()] == ["by-hand"]
