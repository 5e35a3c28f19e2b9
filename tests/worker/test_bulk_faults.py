"""Bulk work ends with the same rows, each written once, whatever is killed, repeated or away in between."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import psycopg
import pytest
from made.campaigns import (
    NOT_OVER,
    add_customers,
    add_model,
    audit_lines,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    make_cause,
    read_operation,
    store_scores,
    stored_scores,
)
from running import working
from running.worker_processes import kill, redis, relaying, wait_for, wait_until_done, worker
from sqlalchemy import text

from campaigns.life import campaigns
from campaigns.terms.campaign import State
from campaigns.tiers import rescoring
from campaigns.work import jobs
from database.embedded import free_port
from database.events import store
from database.session import Database
from database.work import broker, outbox
from database.work.operations import Operation
from events.history import Histories
from scoring.score import Score
from scoring.scorer import Scorer
from simulator.catalogue import catalogue
from simulator.shop import Shop
from simulator.stream import simulate
from training.configuration import Configuration
from training.course import Training
from training.fit import train
from worker.tasks import RETRIES

CHUNK = 10
ITS_CONNECTIONS = 2
work_on = partial(working.work_on, score_chunk=CHUNK)
run_task = partial(working.run_task, score_chunk=CHUNK)
SHOP = Shop(customers=300, seed=3, items=50, days=270)
AS_OF = datetime(2024, 9, 20, tzinfo=UTC)
LOG_WRITES = """
CREATE TABLE writes (customer_id text, operation_id text);
CREATE FUNCTION log_write() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN INSERT INTO writes VALUES (NEW.customer_id, NEW.operation_id); RETURN NEW; END';
CREATE TRIGGER log_insert AFTER INSERT ON scores FOR EACH ROW EXECUTE FUNCTION log_write();
CREATE TRIGGER log_update AFTER UPDATE OF purchase_90 ON scores FOR EACH ROW EXECUTE FUNCTION log_write();
"""


@pytest.fixture(scope="module")
def shop_events() -> pl.DataFrame:
    return pl.concat(block.events for block in simulate(SHOP))


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory, shop_events: pl.DataFrame) -> Path:
    """A real network, small, that learned next to nothing."""
    some = shop_events.filter(pl.col("customer_id") < "C00000060")
    small = Configuration(width=16, layers=1, heads=2, cutoffs=2, max_epochs=1, patience=1)
    folder = tmp_path_factory.mktemp("models") / "small"
    training = Training(events=some, items=catalogue(SHOP), as_of=AS_OF, configuration=small, seed=1)
    return train(training, folder)


@pytest.fixture
def shop(database: Database, model_folder: Path, shop_events: pl.DataFrame) -> Database:
    """A database with a shop, an active model, and a log of every committed write of a score."""
    with database.writing() as transaction:
        store.copy_events(transaction, shop_events)
        transaction.execute(text(LOG_WRITES))
    add_model(database, Scorer.load(model_folder).model_id, str(model_folder))
    return database


def begin_rescoring(database: Database) -> Operation:
    with database.writing() as transaction:
        return rescoring.begin(transaction, make_cause(datetime.now(UTC)), as_of=AS_OF)


def assert_everyone_is_scored_once(database: Database, operation: Operation, folder: Path, frame: pl.DataFrame) -> None:
    """The rows are what the network says of each chunk, with one write and one tier given to each customer."""
    histories = Histories.from_frame(frame.filter(pl.col("time") < AS_OF), sorted(frame["customer_id"].unique()))
    expected = Scorer.load(folder).score(histories, np.full(len(histories), AS_OF.timestamp()))
    with database.reading() as snapshot:
        stored = stored_scores(snapshot)
        writes = [tuple(row) for row in snapshot.execute(text("SELECT * FROM writes ORDER BY customer_id"))]
        changes = snapshot.execute(
            text("SELECT customer_id, from_tier, to_tier FROM tier_changes ORDER BY customer_id")
        )
        assert [tuple(row) for row in changes] == [(score.customer_id, None, score.tier) for score in stored]
    assert [score.customer_id for score in stored] == [score.customer_id for score in expected]
    assert writes == [(score.customer_id, operation.operation_id) for score in expected]
    for kept, said in zip(stored, expected, strict=True):
        assert said.market == "", "no market is rescored by its adapter"
        for name in {field.name for field in fields(Score)} - {"market"}:
            value = getattr(said, name)
            number = isinstance(value, int | float)
            assert getattr(kept, name) == (pytest.approx(value, rel=1e-4, abs=1e-5) if number else value)


def test_a_rescoring_whose_worker_is_killed_ends_with_the_same_rows_none_twice(
    shop: Database, database_url: str, model_folder: Path, shop_events: pl.DataFrame
) -> None:
    broker.install(database_url)
    operation = begin_rescoring(shop)
    with relaying(shop, database_url):
        with worker(database_url, TIERWISE_SCORE_CHUNK=str(CHUNK)) as doomed:
            wait_for(lambda: read_operation(shop, operation.operation_id).done_count >= 3 * CHUNK)
            kill(doomed)
        interrupted = read_operation(shop, operation.operation_id)
        with worker(database_url, TIERWISE_SCORE_CHUNK=str(CHUNK)):
            done = wait_until_done(shop, operation)

    assert interrupted.state == "RUNNING"
    assert 3 * CHUNK <= interrupted.done_count < 300
    assert (done.state, done.done_count, done.total_count) == ("SUCCEEDED", 300, 300)
    assert done.response is not None
    tiers = done.response["tiers"]
    assert (0 < tiers["HIGH"] <= 30, tiers["HIGH"] + tiers["MID"] <= 120, sum(tiers.values())) == (True, True, 300)
    assert_everyone_is_scored_once(shop, operation, model_folder, shop_events)


def test_a_launch_whose_worker_is_killed_gives_each_customer_one_code(database: Database, database_url: str) -> None:
    customers = [f"c{number:05}" for number in range(10_000)]
    store_scores(database, dict.fromkeys(customers, 9000))
    broker.install(database_url)
    create_campaign(database, end_time=NOT_OVER)
    operation = begin_launch(database, now=datetime.now(UTC))
    with relaying(database, database_url):
        with worker(database_url, TIERWISE_ISSUE_CHUNK="50") as doomed:
            wait_for(lambda: read_operation(database, operation.operation_id).done_count >= 500)
            kill(doomed)
        with database.reading() as snapshot:  # what was being committed may come a moment after its worker's death
            interrupted = jobs.get(snapshot, operation.operation_id)
            found = snapshot.execute(text("SELECT customer_id, code FROM coupons"))
            issued = {row.customer_id: row.code for row in found}
        with worker(database_url):
            done = wait_until_done(database, operation)

    assert (interrupted.state, len(issued)) == ("RUNNING", interrupted.done_count)
    assert 500 <= interrupted.done_count < 10_000
    assert (done.state, done.done_count) == ("SUCCEEDED", 10_000)
    assert codes_of(database).items() >= issued.items()
    assert sorted(codes_of(database)) == customers
    with database.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
    assert (campaign.state, campaign.issued_count) == (State.ACTIVE, 10_000)


def test_sigterm_ends_a_worker_after_its_chunk_and_the_next_goes_on(shop: Database, database_url: str) -> None:
    broker.install(database_url)
    operation = begin_rescoring(shop)

    # A task that hands the rest on while it is waited for may leave it with the broker, however short its chunks are.
    long = {"TIERWISE_TASK_SECONDS": "50", "TIERWISE_REDELIVER_SECONDS": "60"}
    with worker(database_url, TIERWISE_SCORE_CHUNK="5", **long) as process:
        with relaying(shop, database_url):
            wait_for(lambda: read_operation(shop, operation.operation_id).done_count >= 5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0

    stopped = read_operation(shop, operation.operation_id)
    assert (stopped.state, stopped.error) == ("RUNNING", None)
    assert counts(shop, "outbox") == (1,)
    work_on(database_url, operation)
    assert read_operation(shop, operation.operation_id).state == "SUCCEEDED"
    assert counts(shop, "writes") == (300,)


def test_work_waits_in_the_outbox_while_redis_is_away_and_flows_when_it_is_back(
    shop: Database, database_url: str, model_folder: Path, shop_events: pl.DataFrame
) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    port = free_port()
    address = {"TIERWISE_BROKER_URL": f"redis://127.0.0.1:{port}/0"}
    with worker(database_url, role="beat", **address) as beat, worker(database_url, **address) as process:
        operation = begin_rescoring(shop)
        wait_for(lambda: _claimed(shop))
        assert counts(shop, "outbox") == (1,)

        with redis(port):
            done = wait_until_done(shop, operation)
            beat.send_signal(signal.SIGTERM)
            assert beat.wait(timeout=20) == 0
        lost = "Connection to broker lost"
        wait_for(lambda: "Cannot connect" in process.said().partition(lost)[2])
        assert "DeprecationWarning" not in process.said()

    assert done.state == "SUCCEEDED"
    assert counts(shop, "outbox") == (0,)
    assert_everyone_is_scored_once(shop, operation, model_folder, shop_events)


OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@contextmanager
def frozen(connection: psycopg.Connection[tuple[int]]) -> Iterator[None]:
    """Every other connection's process stands still; those that are just going are left to go."""
    pids = [pid for (pid,) in connection.execute(OTHERS).fetchall()]
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def test_sigterm_ends_a_clock_whose_database_is_frozen(database: Database, database_url: str) -> None:
    broker.install(database_url)
    database.close()
    with psycopg.connect(database_url, autocommit=True) as connection, worker(database_url, role="beat") as beat:
        wait_for(lambda: len(connection.execute(OTHERS).fetchall()) >= ITS_CONNECTIONS)
        with frozen(connection):
            # Relay and sealer are in the middle of a question.
            time.sleep(2)
            beat.send_signal(signal.SIGTERM)
            assert beat.wait(timeout=20) == 0


def test_sigterm_ends_a_worker_whose_database_is_frozen_and_the_next_goes_on(shop: Database, database_url: str) -> None:
    broker.install(database_url)
    operation = begin_rescoring(shop)
    with (
        psycopg.connect(database_url, autocommit=True) as connection,
        worker(database_url, TIERWISE_SCORE_CHUNK="5", TIERWISE_WORK_GRACE_SECONDS="1") as process,
    ):
        with relaying(shop, database_url):
            wait_for(lambda: read_operation(shop, operation.operation_id).done_count >= 5)
        shop.close()
        with frozen(connection):
            # Both the task and the loop that asks for tasks are in the middle of a question.
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        wait_for(lambda: not _has_members(process.pid), seconds=20)

    work_on(database_url, operation)
    assert read_operation(shop, operation.operation_id).state == "SUCCEEDED"
    assert counts(shop, "writes") == (300,)


def test_a_task_delivered_many_times_at_once_scores_each_customer_once(
    shop: Database, database_url: str, model_folder: Path, shop_events: pl.DataFrame
) -> None:
    operation = begin_rescoring(shop)

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(work_on, database_url, operation)
    work_on(database_url, operation)

    assert read_operation(shop, operation.operation_id).state == "SUCCEEDED"
    assert_everyone_is_scored_once(shop, operation, model_folder, shop_events)
    assert [line for line in audit_lines(shop) if "finish" in line[0]] == [
        ("customers.rescore.finish", operation.name, "OK")
    ]


def test_a_task_hands_the_rest_to_the_next_when_its_time_is_over(shop: Database, database_url: str) -> None:
    operation = begin_rescoring(shop)

    work_on(database_url, operation, enough=working.one_chunk)

    assert read_operation(shop, operation.operation_id).done_count == CHUNK
    with shop.writing() as transaction:
        entries = outbox.take(transaction, now=make_cause().now, lease=make_cause().now - AS_OF)
    assert [(entry.task, entry.arguments) for entry in entries] == [
        (jobs.ADVANCE, {"operation_id": operation.operation_id, "turn": turn}) for turn in (0, 1)
    ]


def test_cancelling_stops_between_chunks_and_keeps_what_is_done(shop: Database, database_url: str) -> None:
    operation = begin_rescoring(shop)
    work_on(database_url, operation, enough=working.one_chunk)
    with shop.writing() as transaction:
        jobs.cancel(transaction, make_cause(), operation.operation_id)

    work_on(database_url, operation)

    assert read_operation(shop, operation.operation_id).state == "CANCELLED"
    assert counts(shop, "scores") == (CHUNK,)


def test_a_later_rescoring_takes_the_place_of_the_earlier_one(shop: Database, database_url: str) -> None:
    first = begin_rescoring(shop)
    work_on(database_url, first)

    second = begin_rescoring(shop)
    work_on(database_url, second)

    with shop.reading() as snapshot:
        assert {score.operation_id for score in stored_scores(snapshot)} == {second.operation_id}
        assert {score.tier_scheme for score in stored_scores(snapshot)} == {1}
    assert counts(shop, "scores", "writes", "tier_changes") == (300, 600, 300)


def test_a_model_that_cannot_be_loaded_fails_the_operation(database: Database, database_url: str) -> None:
    add_customers(database, ["anna"])
    add_model(database, folder="/nowhere")
    operation = begin_rescoring(database)

    run_task(database_url, operation)

    failed = read_operation(database, operation.operation_id)
    assert failed.state == "FAILED"
    assert failed.error is not None
    assert "/nowhere" in failed.error
    assert failed.why == {"code": "MODEL_REJECTED", "facts": {}}
    assert audit_lines(database)[-1] == ("operations.fail", operation.name, "FAILED")
    assert counts(database, "scores") == (0,)


def test_an_unforeseen_error_is_noted_tried_again_and_then_final(
    shop: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    operation = begin_rescoring(shop)
    with shop.writing() as transaction:
        transaction.execute(text("ALTER TABLE scores ADD CONSTRAINT full_disk CHECK (customer_id < 'C00000055')"))

    attempts = run_task(database_url, operation)

    failed = read_operation(shop, operation.operation_id)
    assert attempts == 1 + RETRIES
    assert (failed.state, failed.done_count) == ("FAILED", 50)
    assert failed.why is not None, "its words would have the customer's row"
    log_id = failed.why["facts"]["log_id"]
    assert failed.why == {"code": "UNEXPECTED", "facts": {"type": "CheckViolation", "log_id": log_id}}
    assert failed.error == f"CheckViolation; the worker's log says more, by the id {log_id}"
    assert [line.levelname for line in caplog.records if log_id in line.message][-1] == "ERROR"
    assert counts(shop, "scores", "writes") == (50, 50)


def test_a_task_is_tried_again_while_the_database_is_away(database: Database) -> None:
    add_customers(database, ["anna"])
    add_model(database)
    operation = begin_rescoring(database)

    assert run_task("postgresql://nobody@127.0.0.1:1/nothing", operation) == 1 + RETRIES

    waiting = read_operation(database, operation.operation_id)
    assert (waiting.state, waiting.error) == ("RUNNING", None)


def _claimed(database: Database) -> bool:
    """Whether a relay has tried: it releases what it could not hand over, so this is a matter of moments."""
    with database.reading() as snapshot:
        return bool(snapshot.execute(text("SELECT count(*) FROM outbox WHERE claim_time IS NOT NULL")).scalar_one())


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
