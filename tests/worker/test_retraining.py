"""A candidate is trained beside the tasks of a worker, whatever is killed, and judged."""

import errno
import json
import os
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from made.campaigns import add_model, audit_lines, make_cause, read_operation
from made.histories import AS_OF, random_shop
from networks.small_training import SMALL
from networks.tiny_model import write_tiny_model
from running.working import run_task

from campaigns.faults import Hopeless
from campaigns.models import registry, retraining
from campaigns.models.refusals import RetrainingRunning, TrainedInPrivate
from campaigns.models.retraining import KEPT_BACK, Retraining
from campaigns.work import jobs
from database.events import store
from database.models import registry as stored_models
from database.session import Database
from database.work import operations
from database.work.operations import JUDGE_MODEL, Operation
from settings import Settings, settings
from worker import learning, trainer
from worker.advance import advance, give_up
from worker.faults import HOPELESS
from worker.learning import Learner
from worker.steps import retraining as looking_after
from worker.steps.retraining import MOST_STARTS, step
from worker.tasks import RETRIES
from worker.tools import Tools

CAUSE = make_cause(AS_OF)


@pytest.fixture
def tools(database_url: str, tmp_path: Path) -> Tools:
    return Tools(settings=Settings(home=tmp_path, task_seconds=1), database_url=database_url)


def fill(database: Database, home: Path, shop: pl.DataFrame) -> None:
    """Events, and a model that answers: another version of the code trained it, at toy size, and had another choice."""
    with database.writing() as transaction:
        store.copy_events(transaction, shop)
        folder, manifest = write_tiny_model(home, "old"), {"configuration": SMALL.to_json() | {"left_over": None}}
        registry.register(transaction, CAUSE, "old", folder=str(folder), manifest=manifest)
        registry.activate(transaction, CAUSE, "old")


def begin(database: Database) -> Operation:
    with database.writing() as transaction:
        return retraining.begin(transaction, CAUSE)


def test_a_killed_training_is_begun_again_and_ends_as_a_candidate_that_is_judged(
    database: Database, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, tmp_path, random_shop(100, seed=11))
    operation = begin(database)
    with pytest.raises(RetrainingRunning):
        begin(database)
    folder = tools.settings.models / operation.operation_id
    other = Learner()
    assert other.start(folder, Retraining.of(operation.request), tools.database_url)
    assert not tools.learner.start(folder, Retraining.of(operation.request), tools.database_url)
    last = replace(operation, cursor=str(MOST_STARTS))
    with monkeypatch.context() as at_once:
        at_once.setattr(looking_after, "LOOK_SECONDS", 0.0)
        assert not step(tools, last), "the row has another cursor, and the last start is not over"
    other.kill()
    with pytest.raises(Hopeless, match="training ended 20 times"):
        step(tools, last)
    with closing(tools.database):
        advance(tools, operation.operation_id, enough=lambda: False)

    ended = read_operation(database, operation.operation_id)
    assert ended.response is not None
    with database.reading() as snapshot:
        model = registry.get(snapshot, ended.response["model_id"])
        judged = operations.running(snapshot, JUDGE_MODEL, model_id=model.model_id, against_id="old")
    assert (model.state, ended.state) == ("CANDIDATE", operations.SUCCEEDED)
    assert datetime.fromisoformat(model.manifest["as_of"]) == AS_OF - KEPT_BACK
    assert model.manifest["configuration"] == SMALL.to_json()
    assert judged is not None
    assert ("models.retrain.finish", f"models/{model.model_id}", "OK") in audit_lines(database)


def test_a_history_that_is_too_short_is_told_and_leaves_the_model_that_answers(
    database: Database, tools: Tools, tmp_path: Path
) -> None:
    shop = random_shop(20, seed=11).filter(pl.col("time") > AS_OF - timedelta(days=20))
    fill(database, tmp_path, shop)
    operation = begin(database)
    with closing(tools.database), pytest.raises(HOPELESS) as raised:
        advance(tools, operation.operation_id, enough=lambda: False)
    with closing(tools.database):
        give_up(tools, operation.operation_id, raised.value, "log")

    ended = read_operation(database, operation.operation_id)
    assert ended.state == operations.FAILED
    assert "there are no events before the as-of time" in str(ended.error)
    assert ended.why == {"code": "TRAINING_REFUSED", "facts": {}}
    with database.reading() as snapshot:
        assert [model.model_id for model in stored_models.page(snapshot, limit=9)] == ["old"]


def test_a_training_on_a_full_disk_waits_for_room_and_goes_on(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    fill(database, tmp_path, random_shop(40, seed=11))
    pinned = Retraining(as_of=AS_OF - KEPT_BACK, configuration=SMALL.to_json())
    monkeypatch.setenv("TIERWISE_DATABASE_URL", database_url)
    settings.cache_clear()
    sync, full = os.fsync, iter([True, True])

    def sync_where_there_is_room(descriptor: int) -> None:
        if next(full, False):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr("os.fsync", sync_where_there_is_room)
    monkeypatch.setattr(trainer, "ROOM_SECONDS", 0.0)
    try:
        assert trainer.main([str(tmp_path / "models" / "r1"), json.dumps(pinned.request())]) == 0
    finally:
        settings.cache_clear()

    assert sum("No space left on device; make room there" in each for each in caplog.messages) == 2
    assert [each.name for each in (tmp_path / "models").iterdir()] == ["r1"]


def test_a_training_ends_when_it_is_cancelled(database: Database, tools: Tools, tmp_path: Path) -> None:
    fill(database, tmp_path, random_shop(100, seed=11))
    operation = begin(database)
    folder = tools.settings.models / operation.operation_id
    learner = Learner()
    assert learner.start(folder, Retraining.of(operation.request), tools.database_url)
    with database.writing() as transaction:
        jobs.cancel(transaction, CAUSE, operation.operation_id)
    with closing(tools.database):
        advance(tools, operation.operation_id, enough=lambda: False)
    learner.settle()

    assert read_operation(database, operation.operation_id).state == operations.CANCELLED
    assert not folder.exists()
    cancelled = Retraining.of(operation.request)
    of_a_database_from_before = replace(cancelled, as_of=cancelled.as_of + timedelta(minutes=1))
    said = [learning.refused(folder, pinned) for pinned in (cancelled, of_a_database_from_before)]
    assert said == ["nobody waits for the model any more", None]


def test_a_training_that_ends_in_words_of_others_does_not_pass_them_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("could not convert 'anna'")

    monkeypatch.setattr(trainer, "_learn", broken)
    pinned = Retraining(as_of=AS_OF, configuration=None)

    assert trainer.main([str(tmp_path / "m2"), json.dumps(pinned.request())]) == 1

    assert learning.refused(tmp_path / "m2", pinned) == "ValueError; the worker's log says more, by the name m2"
    assert "could not convert 'anna'" in caplog.text


def test_a_training_waits_for_room_and_ends_although_the_disk_takes_nothing(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, tmp_path / "elsewhere", random_shop(20, seed=11))
    failed = begin(database)
    with monkeypatch.context() as full:
        full.setattr(learning, "TemporaryFile", no_room)
        run_task(database_url, failed, retries=RETRIES, home=tmp_path, task_seconds=1)
    waits = read_operation(database, failed.operation_id)
    shutil.rmtree(tmp_path / "models")
    (tmp_path / "models").write_text("a file in the place of the folder")
    run_task(database_url, failed, retries=RETRIES, home=tmp_path, task_seconds=1)
    cancelled = begin(database)
    with database.writing() as transaction:
        jobs.cancel(transaction, CAUSE, cancelled.operation_id)
    run_task(database_url, cancelled, retries=RETRIES, home=tmp_path, task_seconds=1)

    ended = read_operation(database, failed.operation_id)
    models, way_out = tmp_path / "models", "make room there, or give the worker the right to write there"
    assert waits.state == operations.RUNNING
    assert (ended.state, ended.error) == (operations.FAILED, f"{models} cannot be written: File exists; {way_out}")
    assert ended.why == {"code": "FOLDER_NOT_WRITABLE", "facts": {"place": str(models), "why": "File exists"}}
    assert read_operation(database, cancelled.operation_id).state == operations.CANCELLED


def no_room(**_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_two_clocks_begin_one_training_a_night(database: Database) -> None:
    add_model(database)
    for _ in range(2):
        with database.writing() as transaction:
            begun = retraining.begin_due(transaction, CAUSE, due=AS_OF)

    assert begun is None
    with database.reading() as snapshot:
        found = operations.page(snapshot, limit=9, kind=operations.RETRAIN_MODEL)
    assert [each.operation_id for each in found] == [f"retrain-{AS_OF:%Y-%m-%dT%H-%MZ}"]


def test_a_training_that_a_clock_two_days_ahead_began_keeps_none_from_tonight(database: Database) -> None:
    add_model(database)
    begun = list[str | None]()
    for days in (2, 0, 0):
        cause = replace(CAUSE, now=CAUSE.now + timedelta(days=days))
        with database.writing() as transaction:
            operation = retraining.begin_due(transaction, cause, due=AS_OF + timedelta(days=days))
            begun.append(None if operation is None else operation.operation_id)
            if operation is not None:
                operations.finish(transaction, operation.operation_id, {}, cause.now)

    assert begun == [f"retrain-{AS_OF + timedelta(days=2):%Y-%m-%dT%H-%MZ}", f"retrain-{AS_OF:%Y-%m-%dT%H-%MZ}", None]


def test_neither_a_clock_nor_an_operator_trains_again_what_was_trained_in_private(database: Database) -> None:
    with database.writing() as transaction:
        registry.register(transaction, CAUSE, "kept", folder="somewhere", manifest={"privacy": {"epsilon": 4.0}})
        registry.activate(transaction, CAUSE, "kept")
    with database.writing() as transaction:
        assert retraining.begin_due(transaction, CAUSE, due=AS_OF) is None
    with pytest.raises(TrainedInPrivate, match="kept was trained in private"):
        begin(database)

    with database.reading() as snapshot:
        assert operations.page(snapshot, limit=9, kind=operations.RETRAIN_MODEL) == []
