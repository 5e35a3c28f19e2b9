"""A worker judges a model beside the one that answers, once, and its verdicts stay."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from made.campaigns import audit_lines, make_cause, read_operation, stored_scores
from made.histories import AS_OF, random_shop
from networks.tiny_model import tiny_model
from running.working import run_task, tools_on, work_on
from sqlalchemy import text

from campaigns.models import judging, registry
from campaigns.models.gates import Verdict
from campaigns.models.refusals import ModelJudging, ModelNotMovable
from campaigns.tiers import rescoring
from campaigns.watching import wellbeing
from database.events import store
from database.models import drift, explanation_readings
from database.models import registry as stored_models
from database.session import Database
from database.work import duties, operations
from database.work.duties import Duty
from database.work.operations import Operation
from events.event import EventType
from events.history import Histories
from scoring.folders import folder
from scoring.score import ModelRejected
from scoring.scorer import Scorer
from scoring.seen.feature_histograms import histograms
from worker.clock.duties import do
from worker.clock.wellbeing import check_explanations, read_drift

CAUSE = make_cause(AS_OF)


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Database:
    """Customers, and two models that have learned until 95 days ago, one of which answers."""
    with database.writing() as transaction:
        store.copy_events(transaction, random_shop(150, seed=5))
        for seed, model_id in enumerate(("old", "new")):
            model = tiny_model(model_id, seed=seed)
            learned = {**model.manifest, "as_of": (AS_OF - timedelta(days=95)).isoformat()}
            written = folder.write(replace(model, manifest=learned), tmp_path / model_id)
            registry.register(transaction, CAUSE, model_id, folder=str(written), manifest=learned)
        registry.activate(transaction, CAUSE, "old")
    return database


def test_a_model_is_judged_beside_the_one_that_answers(shop: Database, database_url: str) -> None:
    with shop.writing() as transaction:
        operation = judging.begin(transaction, CAUSE, "new")
    with pytest.raises(ModelJudging), shop.writing() as transaction:
        judging.begin(transaction, CAUSE, "new")
    with pytest.raises(ModelNotMovable), shop.writing() as transaction:
        judging.begin(transaction, CAUSE, "old")
    for _ in range(2):
        work_on(database_url, operation)

    with shop.reading() as snapshot:
        report = registry.report(snapshot, "new")
    assert report is not None
    assert (report.model_id, report.against_id) == ("new", "old")
    found = {gate.name: gate for gate in report.gates}
    assert found["drift"].verdict is Verdict.NOT_MEASURED
    assert all(found[name].value is not None for name in ("auc", "log_loss", "ece", "latency"))
    assert read_operation(shop, operation.operation_id).state == operations.SUCCEEDED
    lines = [line for line in audit_lines(shop) if line[0].startswith("models.judge")]
    assert lines == [("models.judge", "models/new", "OK"), ("models.judge.finish", "models/new", "OK")]


def test_another_model_in_the_place_of_one_that_was_loaded_is_never_taken_for_it(
    shop: Database, database_url: str, tmp_path: Path
) -> None:
    place = tmp_path / "old"
    with tools_on(database_url) as tools:
        with shop.reading() as snapshot:
            old = registry.get(snapshot, "old")
        assert tools.scorer(old).model_id == "old"
        shutil.rmtree(place)
        folder.write(tiny_model("next", seed=3), place)
        with shop.writing() as transaction:
            following = stored_models.register(transaction, "next", str(place), {}, AS_OF)
        assert tools.scorer(following).model_id == "next"
    with tools_on(database_url) as tools, pytest.raises(ModelRejected, match="holds next, not late"):
        tools.scorer(replace(following, model_id="late"))


def test_a_model_is_judged_where_nobody_is_known_yet(shop: Database, database_url: str) -> None:
    with shop.writing() as transaction:
        transaction.execute(text("TRUNCATE customers CASCADE"))
        operation = judging.begin(transaction, CAUSE, "new")
    work_on(database_url, operation)
    with tools_on(database_url) as tools:
        assert read_drift(tools, AS_OF) == 0

    with shop.reading() as snapshot:
        report = registry.report(snapshot, "new")
    assert report is not None
    assert {gate.name for gate in report.gates if gate.verdict is Verdict.NOT_MEASURED} == {
        "auc", "log_loss", "ece", "drift",
    }  # fmt: skip


def test_features_are_held_against_the_training_of_the_model_that_answers_once_a_day(
    shop: Database, database_url: str, tmp_path: Path
) -> None:
    made = Scorer(tiny_model("watched"))
    histories = Histories.from_frame(random_shop(150, seed=5))
    spread = histograms(made.model.normaliser.names, made.features(histories, np.full(150, AS_OF.timestamp())))
    model = replace(made.model, manifest={**made.model.manifest, "histograms": spread})
    written = folder.write(model, tmp_path / "watched")
    with shop.writing() as transaction:
        registry.register(transaction, CAUSE, "watched", folder=str(written), manifest=model.manifest)
        registry.activate(transaction, replace(CAUSE, reason="a test needs it"), "watched", override=True)
    with tools_on(database_url) as tools:
        counts = [read_drift(tools, AS_OF + timedelta(hours=hours)) for hours in (0, 1, 24)]

    assert counts[0] > 0
    assert counts[1] == 0
    with shop.reading() as snapshot:
        first = drift.of_day(snapshot, "watched", AS_OF.date())
        assert drift.latest_day(snapshot, "watched") == AS_OF.date() + timedelta(days=1)
    assert max(first.values()) < 0.01


def test_reasons_of_the_model_that_answers_are_checked_once_a_day(shop: Database, database_url: str) -> None:
    with tools_on(database_url) as tools:
        counts = [check_explanations(tools, AS_OF + timedelta(hours=hours)) for hours in (0, 1, 24)]

    assert counts == [40, 0, 40]
    with shop.reading() as snapshot:
        reading = explanation_readings.newest(snapshot, "old")
        well = wellbeing.of_model(snapshot, "old")
    assert reading is not None
    assert (reading.day, well.explained, well.unfaithful) == (AS_OF.date() + timedelta(days=1), reading, False)
    assert 0.8 < (reading.left_out or 0) <= 1
    assert 0.8 < (reading.gradients or 0) <= 1
    assert replace(well, explained=replace(reading, left_out=0.7)).warnings["explanations"] == 1
    assert not replace(well, explained=replace(reading, left_out=None)).unfaithful


def test_a_model_whose_folder_is_not_on_the_workers_machine_is_told_of_once(
    shop: Database, database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "old"
    place.rename(tmp_path / "elsewhere")
    with tools_on(database_url) as tools:
        check = {Duty.CHECK_EXPLANATIONS: lambda: check_explanations(tools, AS_OF)}
        for tick in ("t1", "t2"):
            do(tools.database, check, AS_OF, log_id=tick)
        with shop.reading() as snapshot:
            standing, *_ = duties.standing(snapshot)
        place.symlink_to(tmp_path / "elsewhere")
        do(tools.database, check, AS_OF, log_id="t3")

    assert f"{place} is not on this machine" in (standing.error or "")
    assert (standing.why, standing.late(AS_OF)) == ({"code": "MODEL_REJECTED", "facts": {}}, True)
    assert [record.getMessage() for record in caplog.records] == [f"CHECK_EXPLANATIONS fails: {standing.error}"]
    with shop.reading() as snapshot:
        assert [(each.error, each.why) for each in duties.standing(snapshot)] == [(None, None)]


def write_broken(folder_of_models: Path, model_id: str, kind: EventType) -> dict[str, object]:
    """It says nothing of whoever has an event of this kind; its folder is its id."""
    model = tiny_model(model_id)
    with torch.no_grad():
        model.networks[0].kind.weight[int(kind)] = float("nan")
    learned = {**model.manifest, "as_of": (AS_OF - timedelta(days=95)).isoformat()}
    return dict(folder.read(folder.write(replace(model, manifest=learned), folder_of_models / model_id)).manifest)


def test_of_whom_a_model_says_no_number_scores_stay_and_its_gates_tell(
    shop: Database, database_url: str, tmp_path: Path
) -> None:
    returned = set(random_shop(150, seed=5).filter(pl.col("event_type") == int(EventType.RETURN))["customer_id"])
    now = replace(CAUSE, now=datetime.now(UTC), reason="a test needs it")

    def rescored(model_id: str, kind: EventType | None) -> Operation:
        with shop.writing() as transaction:
            if kind is not None:
                manifest = write_broken(tmp_path, model_id, kind)
                place = str(tmp_path / model_id)
                registry.register(transaction, now, model_id, folder=place, manifest=manifest)
                registry.activate(transaction, now, model_id, override=True)
            operation = rescoring.begin(transaction, replace(now, now=datetime.now(UTC)), as_of=AS_OF)
        assert run_task(database_url, operation, score_chunk=40) == 1
        return read_operation(shop, operation.operation_id)

    whole, partly, nothing = (
        rescored("old", None), rescored("partly", EventType.RETURN), rescored("mute", EventType.PURCHASE),
    )  # fmt: skip
    with shop.writing() as transaction:
        registry.roll_back(transaction, now, "mute")
        registry.roll_back(transaction, now, "partly")
        operation = judging.begin(transaction, CAUSE, "partly")
    work_on(database_url, operation)

    assert whole.response is not None
    assert partly.response is not None
    assert (whole.response["scored_count"], whole.response["unscored_count"]) == (150, 0)
    assert (partly.state, partly.done_count, partly.response["unscored_count"]) == (
        "SUCCEEDED", 150 - len(returned), len(returned),
    )  # fmt: skip
    with shop.reading() as snapshot:
        kept = {score.customer_id for score in stored_scores(snapshot) if score.model_id == "old"}
        report = registry.report(snapshot, "partly")
    assert kept == returned
    assert (nothing.state, nothing.error) == ("FAILED", "models/mute says no number of any of 150 customers")
    assert report is not None
    gate = next(each for each in report.gates if each.name == "numbers")
    assert (gate.verdict, gate.value) == (Verdict.FAILED, len(returned))
    assert gate.reason == "of 150 customers those of whom it says no number"
