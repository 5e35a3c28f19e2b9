"""`tierwise models judge` and `retrain`: begun by hand, done by a worker, told when they are over."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from made.campaigns import add_model, audit_lines, make_cause, register_model
from running.shell import Shell
from running.worker_processes import wait_for

from campaigns.models import judging, retraining
from campaigns.models.gates import Gate, Report, Verdict
from campaigns.models.grounds import Ground, Why
from database.session import Database, Transaction
from database.work import operations
from database.work.operations import JUDGE_MODEL, RETRAIN_MODEL, Operation

Finish = Callable[[Transaction, Operation], bool]


@pytest.fixture
def tierwise(database: Database, database_url: str) -> Shell:
    """Two models, one of which answers."""
    add_model(database, "m1")
    register_model(database, "m2")
    return Shell(database_url)


@contextmanager
def a_worker(database: Database, kind: str, finish: Finish) -> Iterator[None]:
    """That ends the next operation of a kind as a worker does."""

    def found() -> Operation | None:
        with database.reading() as snapshot:
            return operations.running(snapshot, kind)

    def work() -> None:
        wait_for(lambda: found() is not None, seconds=60)
        operation = found()
        assert operation is not None
        with database.writing() as transaction:
            assert finish(transaction, operation)

    worker = threading.Thread(target=work)
    worker.start()
    yield
    worker.join(60)


def judged(transaction: Transaction, operation: Operation) -> bool:
    gates = [
        Gate(name="auc", value=-0.02, limit=0.0, verdict=Verdict.FAILED, ground=Ground(why=Why.NO_HISTOGRAMS)),
        Gate(name="latency", value=1.1, limit=2.0, verdict=Verdict.PASSED, ground=Ground(why=Why.DELAY)),
    ]
    report = Report(model_id="m2", against_id="m1", gates=gates)
    return judging.finish(transaction, operation, report, make_cause())


def trained(transaction: Transaction, operation: Operation) -> bool:
    return retraining.finish(transaction, operation, make_cause(), "m3", folder="somewhere", manifest={})


def test_a_model_is_judged_and_its_gates_are_shown(database: Database, tierwise: Shell) -> None:
    with a_worker(database, JUDGE_MODEL, judged):
        gates = tierwise("models", "judge", "m2", "--reason", "before a canary")

    assert [(gate["name"], gate["verdict"], gate["value"]) for gate in gates] == [
        ("auc", "FAILED", -0.02), ("latency", "PASSED", 1.1)
    ]  # fmt: skip
    refused = tierwise.refusal("models", "move", "m2", "canary", "--canary-share", "0.1")
    assert "GATES_NOT_PASSED" in refused
    assert ("models.judge", "models/m2", "OK") in audit_lines(database)


def test_what_cannot_be_judged_is_refused(tierwise: Shell) -> None:
    begun = tierwise("models", "judge", "m2", "--no-wait")

    assert begun["state"] == "RUNNING"
    assert "MODEL_JUDGING" in tierwise.refusal("models", "judge", "m2", "--no-wait")
    assert "MODEL_NOT_MOVABLE" in tierwise.refusal("models", "judge", "m1", "--no-wait")
    assert "MODEL_NOT_FOUND" in tierwise.refusal("models", "judge", "m9", "--no-wait")
    assert "PERMISSION_DENIED" in tierwise.refusal("--as", "ada:analyst", "models", "judge", "m2", "--no-wait")


def test_a_candidate_is_trained_named_and_judged_next(database: Database, tierwise: Shell) -> None:
    with a_worker(database, RETRAIN_MODEL, trained):
        told = tierwise("models", "retrain", "--reason", "a new season")

    assert told == {"model_id": "m3"}
    assert tierwise("models", "show", "m3")["state"] == "CANDIDATE"
    assert ("models.judge", "models/m3", "OK") in audit_lines(database)


def test_one_training_at_a_time_and_by_an_operator(database: Database, tierwise: Shell) -> None:
    begun = tierwise("models", "retrain", "--no-wait")

    assert begun["state"] == "RUNNING"
    assert "RETRAINING_RUNNING" in tierwise.refusal("models", "retrain", "--no-wait")
    assert "PERMISSION_DENIED" in tierwise.refusal("--as", "anna:marketer", "models", "retrain", "--no-wait")
    outcomes = [outcome for action, _, outcome in audit_lines(database) if action == "models.retrain"]
    assert outcomes == ["OK", "DENIED", "DENIED"]
