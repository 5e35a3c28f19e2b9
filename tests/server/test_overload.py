"""A server with more to do than it can tells at once who cannot be answered in time, and answers nobody in vain."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import grpc
import pytest
from google.rpc import error_details_pb2
from made.campaigns import add_customers
from running.serving import Shop, refusal, serving
from tierwise.v1 import scoring_service_pb2

from database.session import Database
from scoring.pool.refusals import Overloaded
from scoring.replicas.asking import Kind, asked_of
from scoring.replicas.computing import Computing, Payload
from scoring.replicas.replicas import LocalReplicas
from server.front.port import MOST_PENDING
from server.scoring import predictions
from server.scoring import waiting as of_waiting
from server.scoring.headway import Headway

Asked: TypeAlias = "grpc.Future[scoring_service_pb2.ScoreResponse]"
WAIT = 60
"""Seconds after which a test that hangs gives up."""
BATCH_SECONDS = 3.0
POLICIES = """
import os, threading
from pathlib import Path
from server.front.port import Front
front = Front()
of_grpc = []
while not of_grpc:  # each gives itself its name, once it runs
    tasks = [each for each in Path("/proc/self/task").iterdir()]
    of_grpc = [int(each.name) for each in tasks if "event_engine" in (each / "comm").read_text()]
print({os.sched_getscheduler(each.native_id) for each in threading.enumerate()}, end=" ")
print({os.sched_getscheduler(each) for each in of_grpc})
os._exit(0)
"""
"""Of the threads that Python knows of, the loop among them, and of gRPC's own."""


class Network:
    """The server's own, which can be made to wait before each batch, and remembers whom it was asked about."""

    def __init__(self, computing: Computing) -> None:
        self._computing = computing
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.seconds = 0.0
        self.asked: list[str] = []

    def __call__(self, kind: Kind, rows: Sequence[Payload]) -> list[bytes]:
        self.asked += [asked_of(row).customer_id for row in rows]
        self.entered.set()
        assert self.gate.wait(WAIT)
        time.sleep(self.seconds)
        return self._computing(kind, rows)

    def hold(self) -> None:
        """Keep the next batch until the gate is opened."""
        self.gate.clear()
        self.entered.clear()


class SlowAnswers:
    """A clock that is looked at after each of many answers: each has taken a third of a second."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def monotonic(self) -> float:
        self.now += 1 / 3
        return self.now


@pytest.fixture
def shop(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Methods other than Score share a single thread."""
    add_customers(database, ["anna", "ben", "carla", "dora"])
    with serving(database, tmp_path_factory.mktemp("home"), callers=1) as running:
        yield running


@pytest.fixture
def network(shop: Shop) -> Iterator[Network]:
    replicas = shop.server.replicas
    assert isinstance(replicas, LocalReplicas)
    assert replicas.computing is not None
    network = Network(replicas.computing)
    replicas.computing = network  # type: ignore[assignment] # computes as the one in it does
    yield network
    network.gate.set()


def ask(shop: Shop, customer: str, seconds: float = WAIT) -> Asked:
    request = scoring_service_pb2.ScoreRequest(customer=f"customers/{customer}")
    return shop.scoring.Score.future(request, timeout=seconds)


def score_of(asked_for: Asked) -> str:
    return str(asked_for.result(WAIT).score.customer)


def code_of(asked_for: Asked) -> grpc.StatusCode:
    error = asked_for.exception(WAIT)
    if error is None:
        return grpc.StatusCode.OK
    assert isinstance(error, grpc.RpcError)
    return error.code()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def waiting(shop: Shop) -> int:
    return shop.server.predictions.figures()["scores"].total.waiting


def busy(shop: Shop, network: Network) -> Asked:
    """A score under way, which holds up all that follow."""
    network.hold()
    first = ask(shop, "anna")
    assert network.entered.wait(WAIT)
    return first


@contextmanager
def held_up(shop: Shop) -> Iterator[None]:
    """The event loop takes up no call, but those that it is asked for already."""
    entered, free = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        free.wait(WAIT)

    shop.server.front.loop.soon(hold)
    assert entered.wait(WAIT)
    try:
        yield
    finally:
        free.set()


def test_a_score_that_cannot_be_in_time_is_refused_at_once_though_every_thread_is_occupied(
    shop: Shop, network: Network
) -> None:
    network.seconds = BATCH_SECONDS
    score_of(ask(shop, "anna"))
    network.seconds = 0.0
    under_way = busy(shop, network)
    next_in_line = ask(shop, "ben")
    until(lambda: waiting(shop) == 1)
    explained = shop.scoring.ExplainScore.future(
        scoring_service_pb2.ExplainScoreRequest(customer="customers/anna"), timeout=WAIT
    )
    until(lambda: network.asked == ["anna"] * 3)

    with pytest.raises(grpc.RpcError) as raised:
        ask(shop, "carla", BATCH_SECONDS / 2).result()

    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    retry = refused.details["RetryInfo"]
    assert isinstance(retry, error_details_pb2.RetryInfo)
    assert retry.retry_delay.ToTimedelta().total_seconds() >= BATCH_SECONDS
    assert not explained.done()
    network.gate.set()
    assert [score_of(each) for each in (under_way, next_in_line)] == ["customers/anna", "customers/ben"]
    assert explained.result(WAIT).explanation.score.customer == "customers/anna"
    assert "carla" not in network.asked


def test_a_score_that_is_cancelled_leaves_the_queue(shop: Shop, network: Network) -> None:
    under_way = busy(shop, network)
    gone, stays = ask(shop, "ben"), ask(shop, "carla")
    until(lambda: waiting(shop) == 2)

    gone.cancel()
    until(lambda: waiting(shop) == 1)
    network.gate.set()

    assert [score_of(each) for each in (under_way, stays)] == ["customers/anna", "customers/carla"]
    assert network.asked == ["anna", "carla"]


def test_many_scores_that_are_cancelled_leave_their_thread_at_once(
    shop: Shop, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_waiting, "LOOK_SECONDS", WAIT)
    under_way = busy(shop, network)
    asked = [scoring_service_pb2.ScoreRequest(customer=f"customers/{name}") for name in ("ben", "carla")]
    many = shop.scoring.BatchScore.future(scoring_service_pb2.BatchScoreRequest(requests=asked), timeout=WAIT)
    until(lambda: waiting(shop) == 2)

    many.cancel()

    assert shop.scoring.ListModels(scoring_service_pb2.ListModelsRequest(), timeout=5).models
    network.gate.set()
    assert score_of(under_way) == "customers/anna"


def test_a_score_whose_deadline_passes_in_the_queue_is_never_computed(shop: Shop, network: Network) -> None:
    under_way = busy(shop, network)

    with pytest.raises(grpc.RpcError) as raised:
        ask(shop, "ben", 0.3).result()
    network.gate.set()

    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert [score_of(each) for each in (under_way, ask(shop, "carla"))] == ["customers/anna", "customers/carla"]
    assert network.asked == ["anna", "carla"]


def test_many_scores_of_which_a_part_alone_would_be_in_time_are_refused_before_it_is_up(
    shop: Shop, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"c{number}" for number in range(500)]
    add_customers(shop.database, names)
    asked = [scoring_service_pb2.ScoreRequest(customer=f"customers/{name}") for name in names]
    monkeypatch.setattr(predictions, "time", SlowAnswers())

    with pytest.raises(grpc.RpcError) as raised:
        shop.scoring.BatchScore(scoring_service_pb2.BatchScoreRequest(requests=asked), timeout=WAIT)

    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    assert "ask about fewer at a time, or allow more time" in refused.message
    until(lambda: waiting(shop) == 0)
    assert len(network.asked) < 250, "what was asked for the rest left the queue"


def ahead(count: int, *, each: float, deadline: float, stalls: int = 500) -> Headway:
    """After so many of 500 answers, of which one stalls for three seconds."""
    headway = Headway(500, every=32)
    for number in range(count):
        headway.answered(3.0 * (number >= stalls) + each * number, deadline)
    return headway


@pytest.mark.parametrize("stalls", [0, 40, 100])
def test_a_stall_foretells_nothing_of_the_rest(stalls: int) -> None:
    ahead(500, each=0.001, deadline=4.0, stalls=stalls)


def test_what_comes_evenly_foretells_the_rest() -> None:
    headway = ahead(95, each=0.01, deadline=2.03)
    with pytest.raises(Overloaded, match=r"500 customers take about 5\.0 s at present, and after 96 of them 1\.1 s"):
        headway.answered(0.95, deadline=2.03)


def test_threads_that_are_occupied_hold_up_no_score(shop: Shop, network: Network) -> None:
    network.hold()
    explained = shop.scoring.ExplainScore.future(
        scoring_service_pb2.ExplainScoreRequest(customer="customers/anna"), timeout=WAIT
    )
    assert network.entered.wait(WAIT)
    scored = ask(shop, "ben")
    until(lambda: network.asked == ["anna", "ben"])

    network.gate.set()

    assert score_of(scored) == "customers/ben"
    assert explained.result(WAIT).explanation.score.customer == "customers/anna"


def test_whoever_stops_the_server_waits_for_a_thread_whose_caller_has_gone(shop: Shop, network: Network) -> None:
    guard = shop.server.guard
    network.hold()
    explained = shop.scoring.ExplainScore.future(
        scoring_service_pb2.ExplainScoreRequest(customer="customers/anna"), timeout=WAIT
    )
    assert network.entered.wait(WAIT)
    explained.cancel()
    until(lambda: guard.under_way() == 0)

    assert not guard.settle(0.05)
    network.gate.set()
    assert guard.settle(WAIT)


def test_a_call_whose_time_was_up_when_it_was_taken_up_costs_no_work(shop: Shop, network: Network) -> None:
    with held_up(shop):
        assert code_of(ask(shop, "ben", 0.05)) is grpc.StatusCode.DEADLINE_EXCEEDED
    assert score_of(ask(shop, "anna")) == "customers/anna"
    until(lambda: shop.server.guard.under_way() == 0)
    assert network.asked == ["anna"]


def test_calls_beyond_those_that_may_wait_to_be_taken_up_are_cut_off_and_the_others_are_answered(shop: Shop) -> None:
    beyond = 100

    with held_up(shop):
        calls = [ask(shop, "anna") for _ in range(MOST_PENDING + beyond)]
        until(lambda: sum(call.done() for call in calls) >= beyond - 2)
    codes = [code_of(call) for call in calls]

    assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.CANCELLED}
    # gRPC's loop has asked for one already, and the bound is the first number that does not wait.
    assert MOST_PENDING <= codes.count(grpc.StatusCode.OK) <= MOST_PENDING + 2


def test_threads_of_grpc_do_not_push_aside_the_loop_that_they_work_for() -> None:
    told = subprocess.run([sys.executable, "-c", POLICIES], capture_output=True, text=True, check=True, timeout=WAIT)

    assert told.stdout.strip() == f"{{{os.SCHED_OTHER}}} {{{os.SCHED_BATCH}}}"


def test_a_call_without_a_request_is_no_question(shop: Shop, network: Network) -> None:
    score: grpc.StreamUnaryMultiCallable[bytes, bytes] = shop.channel.stream_unary("/tierwise.v1.ScoringService/Score")

    with pytest.raises(grpc.RpcError) as raised:
        score(iter(()), timeout=WAIT)

    assert (raised.value.code(), raised.value.details()) == (grpc.StatusCode.INTERNAL, "the request is missing")
    assert network.asked == []
