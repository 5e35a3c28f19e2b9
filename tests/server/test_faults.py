"""What breaks at the server's borders: the database goes away, the process is told to end, the network fails."""

import ctypes
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np
import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from made.campaigns import add_customers, store_scores
from networks.tiny_model import tiny_model
from running import resident_shell
from running.databases import Cluster
from running.lock_waits import somebody_waits
from running.serving import Shop, activate, purchase, recording, refusal, serving
from running.worker_processes import wait_for
from structlog.testing import capture_logs
from tierwise.v1 import customer_service_pb2, customer_service_pb2_grpc, score_pb2, scoring_service_pb2

from database.session import Database
from scoring.markets import Markets
from scoring.replicas import replicas
from scoring.replicas.asking import Role
from scoring.replicas.computing import Computing
from scoring.replicas.replicas import LocalReplicas
from scoring.scorer import Scorer
from server.assembly import NEED_MODEL, NEED_NO_MODEL
from server.front import database_watch
from server.scoring import live
from settings import child_environment

ROOT = Path(__file__).resolve().parent.parent.parent
SCORE_ANNA = scoring_service_pb2.ScoreRequest(customer="customers/anna")
GET_ANNA = customer_service_pb2.GetCustomerRequest(name="customers/anna")


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    add_customers(database, ["anna"])
    with serving(database, tmp_path) as running:
        yield running


def shut(postgres: Cluster, database_url: str, *, closed: bool) -> None:
    """Let no connection into a database, and end those that are there; or let them in again."""
    name = database_url.rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {not closed}")
    if closed:
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def test_without_a_database_calls_are_refused_until_it_is_back(
    shop: Shop, postgres: Cluster, database_url: str
) -> None:
    ask: list[Callable[[], object]] = [
        lambda: shop.scoring.Score(SCORE_ANNA), lambda: shop.customers.GetCustomer(GET_ANNA),
    ]  # fmt: skip
    for call in ask:
        call()

    shut(postgres, database_url, closed=True)
    try:
        for call in ask:
            with capture_logs() as told, pytest.raises(grpc.RpcError) as raised:
                call()
            assert [bool(line["why"]) for line in told if line["event"] == "call"] == [True]
            refused = refusal(raised.value)
            assert (refused.code, refused.reason) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")
            assert "RetryInfo" in refused.details
            assert "psycopg" not in refused.message
    finally:
        shut(postgres, database_url, closed=False)

    for call in ask:
        call()


def test_while_the_database_hangs_each_service_says_by_health_that_it_does_not_serve(
    shop: Shop, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_watch, "SILENCE_SECONDS", 0.5)
    wait_for(lambda: healthy(shop) == {"", *NEED_MODEL, *NEED_NO_MODEL, "models/tiny-1"})
    with psycopg.connect(database_url, autocommit=True) as other:
        found = other.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", (other.info.dbname,)
        ).fetchall()
    for (pid,) in found:
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: healthy(shop) == {"", "models/tiny-1"})
    finally:
        for (pid,) in found:
            os.kill(pid, signal.SIGCONT)
    wait_for(lambda: healthy(shop) == {"", *NEED_MODEL, *NEED_NO_MODEL, "models/tiny-1"})


def healthy(shop: Shop) -> set[str]:
    """What says that it serves."""
    answer = shop.health.List(health_pb2.HealthListRequest())  # type: ignore[attr-defined] # its stub type lacks them
    return {name for name, told in answer.statuses.items() if told.status == health_pb2.HealthCheckResponse.SERVING}


def test_that_the_database_is_away_is_told_by_its_reasons_and_not_each_second(
    shop: Shop, postgres: Cluster, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POLL_SECONDS", 0.01)
    with capture_logs() as told:
        shut(postgres, database_url, closed=True)
        wait_for(lambda: "refresh failed" in said(told))
        time.sleep(0.3)
        shut(postgres, database_url, closed=False)
        wait_for(lambda: "over" in said(told))

    reasons = [line["why"] for line in told if line["event"] == "refresh failed"]
    assert len(reasons) == len(set(reasons))
    assert said(told)[-1] == "over"
    assert shop.server.live.in_force.model is not None


def said(told: Sequence[Mapping[str, object]]) -> list[object]:
    return [line["event"] for line in told if line["event"] in {"refresh failed", "over"}]


def test_what_comes_of_a_call_whose_caller_has_gone_is_told_in_its_line_alone(
    shop: Shop, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(database_url) as slow:
        slow.execute("LOCK TABLE customers")
        asked = shop.customers.GetCustomer.future(GET_ANNA, timeout=60)
        wait_for(lambda: somebody_waits(shop.database))
        asked.cancel()
        assert shop.server.guard.settle(20)

    gc.collect()
    assert "never retrieved" not in caplog.text


def broken_scorer() -> Scorer:
    """A model whose statistics do not fit its features, so that every pass raises."""
    model = tiny_model("broken")
    return Scorer(replace(model, normaliser=replace(model.normaliser, mean=np.zeros(3))))


def put_in_force(shop: Shop, scorer: Scorer) -> None:
    """Answer with this, and stop following the database, which would bring the good model back."""
    shop.server.live.stop()
    assert isinstance(shop.server.replicas, LocalReplicas)
    shop.server.replicas.computing = Computing({Role.ACTIVE: Markets(scorer, shop.models / scorer.model_id)})


def test_a_network_that_fails_leaves_the_stored_score(shop: Shop) -> None:
    store_scores(shop.database, {"anna": 9000})
    put_in_force(shop, broken_scorer())

    score = shop.scoring.Score(SCORE_ANNA).score
    with capture_logs() as lines:
        shop.scoring.BatchScore(scoring_service_pb2.BatchScoreRequest(requests=[SCORE_ANNA] * 3))

    assert (score.degraded, score.degraded_reason) == (True, score_pb2.Score.MODEL_FAILED)
    assert score.expected_spend.expected.units == 90
    assert [line["customers"] for line in lines if line["event"] == "model failed"] == [3]


def test_a_network_that_hangs_in_the_server_itself_is_given_up_until_another_one_answers(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_scores(shop.database, {"anna": 9000})
    shop.scoring.Score(SCORE_ANNA)
    monkeypatch.setattr(replicas, "BATCH_SECONDS", 0.2)
    going_on = threading.Event()
    put_in_force(shop, tiny_scorer())
    monkeypatch.setattr(Computing, "__call__", lambda *_: going_on.wait())
    scores = [shop.scoring.Score(SCORE_ANNA, timeout=20).score]
    monkeypatch.undo()
    while scoring_health(shop) == health_pb2.HealthCheckResponse.SERVING:
        time.sleep(0.01)
    scores += [shop.scoring.Score(SCORE_ANNA, timeout=20).score for _ in range(2)]
    shop.server.live.refresh()
    activate(shop.database, shop.models, "tiny-2", seed=2)
    shop.server.live.refresh()
    wait_for(lambda: scoring_health(shop) == health_pb2.HealthCheckResponse.SERVING)

    assert [(each.degraded_reason, each.expected_spend.expected.units) for each in scores] == [
        (score_pb2.Score.MODEL_NOT_LOADED, 90)
    ] * 3
    assert shop.scoring.Score(SCORE_ANNA, timeout=20).score.model == "models/tiny-2"
    going_on.set()


def scoring_health(shop: Shop) -> int:
    asked = health_pb2.HealthCheckRequest(service="tierwise.v1.ScoringService")
    status: int = shop.health.Check(asked).status  # type: ignore[attr-defined] # its stub type lacks the methods
    return status


def tiny_scorer() -> Scorer:
    return Scorer(tiny_model("tiny"))


def test_a_defect_tells_nothing_but_the_id_of_its_log_line(shop: Shop) -> None:
    put_in_force(shop, broken_scorer())

    with pytest.raises(grpc.RpcError) as raised:
        shop.scoring.ExplainScore(scoring_service_pb2.ExplainScoreRequest(customer="customers/anna"))

    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("INTERNAL", "INTERNAL")
    assert set(refused.details) == {"ErrorInfo", "RequestInfo"}
    assert refused.message == f"internal error; its log line has the id {refused.facts['log_id']}"


@pytest.fixture
def process(database_url: str, database: Database, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """The server as it is started for real, on a free port."""
    activate(database, tmp_path / "models")
    settings = {
        "TIERWISE_DATABASE_URL": database_url, "TIERWISE_HOME": str(tmp_path), "TIERWISE_LISTEN": "127.0.0.1:0",
        "TIERWISE_INSECURE": "true",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'protos' / 'gen'}", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    started = subprocess.Popen(
        [sys.executable, "-m", "server"], cwd=ROOT, env=child_environment(settings), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    yield started
    started.kill()
    started.communicate()


def port_of(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline().rpartition(" ")[2])


def test_a_signal_lets_calls_under_way_finish_and_refuses_new_ones(
    process: "subprocess.Popen[str]", database: Database, database_url: str
) -> None:
    request = recording("anna", [purchase(-1)], ids=["e-1"])
    with grpc.insecure_channel(f"127.0.0.1:{port_of(process)}") as channel, psycopg.connect(database_url) as blocker:
        customers = customer_service_pb2_grpc.CustomerServiceStub(channel)
        statuses = health_watch(channel)
        blocker.execute("LOCK TABLE events")
        under_way = customers.BatchCreateEvents.future(request, timeout=30)
        wait_for(lambda: somebody_waits(database))
        process.send_signal(signal.SIGTERM)
        while next(statuses) != health_pb2.HealthCheckResponse.NOT_SERVING:
            pass
        wait_until_refused(channel)
        assert not under_way.done()
        blocker.rollback()

        assert under_way.result().created_count == 1
        assert process.wait(timeout=10) == 0, "the watch of the health does not hold the process up"


def test_a_signal_that_does_not_wake_the_thread_that_waits_for_it_ends_the_server(
    process: "subprocess.Popen[str]",
) -> None:
    port_of(process)
    another = max(int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir())

    assert ctypes.CDLL(None).tgkill(process.pid, another, signal.SIGTERM) == 0

    assert process.wait(timeout=20) == 0


def wait_until_refused(channel: grpc.Channel) -> None:
    """New calls are answered for a moment after the health has changed."""
    health = health_pb2_grpc.HealthStub(channel)
    while True:
        try:
            health.Check(health_pb2.HealthCheckRequest(), timeout=10)  # type: ignore[attr-defined] # its stub lacks it
        except grpc.RpcError:
            return


def health_watch(channel: grpc.Channel) -> Iterator[int]:
    """The statuses of the whole server, as they change; the first is there before this returns."""
    watch = health_pb2_grpc.HealthStub(channel).Watch(  # type: ignore[attr-defined] # its stub type lacks the methods
        health_pb2.HealthCheckRequest()
    )
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    return (answer.status for answer in watch)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "TIERWISE_DATABASE_URL is not set"),
        ({"TIERWISE_DATABASE_URL": "postgresql://x/y"}, "ask for it on loopback with `tierwise serve --insecure`"),
        (
            {"TIERWISE_DATABASE_URL": "postgresql://x/y", "TIERWISE_LISTEN": "0.0.0.0:1", "TIERWISE_INSECURE": "true"},
            "TIERWISE_INSECURE is for loopback only",
        ),
    ],
    ids=["no database", "in the clear without being asked", "in the clear where others can reach it"],
)
def test_a_server_that_cannot_be_safe_refuses_to_start(tmp_path: Path, variables: dict[str, str], told: str) -> None:
    settings = child_environment({"TIERWISE_HOME": str(tmp_path), **variables})

    ended = resident_shell.server(folder=tmp_path, environment=settings, within=60)

    assert ended.returncode == 2
    assert told in ended.stderr


def test_a_port_that_is_taken_is_named_with_its_variable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        chosen = {
            "TIERWISE_HOME": str(tmp_path),
            "TIERWISE_DATABASE_URL": "postgresql://x/y",
            "TIERWISE_INSECURE": "true",
        }
        ended = resident_shell.server(
            folder=tmp_path, environment=child_environment({**chosen, "TIERWISE_LISTEN": listen}), within=60
        )

    assert ended.returncode == 2
    assert f"TIERWISE_LISTEN: cannot listen on {listen}" in ended.stderr
