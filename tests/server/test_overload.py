"""A server with more to do than it can tells at once who cannot be answered in time, and answers nobody in vain."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import grpc
import pytest
from campaign_factories import add_customers
from google.rpc import error_details_pb2
from serving import Shop, refusal, serving
from tierwise.v1 import scoring_service_pb2

from database.session import Database
from scoring.asking import Kind, asked
from scoring.computing import Computing, Payload
from scoring.replicas import LocalReplicas

Asked: TypeAlias = "grpc.Future[scoring_service_pb2.ScoreResponse]"
WAIT = 60
"""Seconds after which a test that hangs gives up."""
BATCH_SECONDS = 1.0


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
        self.asked += [asked(row).customer_id for row in rows]
        self.entered.set()
        assert self.gate.wait(WAIT)
        time.sleep(self.seconds)
        return self._computing(kind, rows)

    def hold(self) -> None:
        """Keep the next batch until the gate is opened."""
        self.gate.clear()
        self.entered.clear()


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


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def waiting(shop: Shop) -> int:
    return sum(lane.waiting for lane in shop.server.predictions.figures()["scores"].lanes.values())


def busy(shop: Shop, network: Network) -> Asked:
    """A score under way, which holds up all that follow."""
    network.hold()
    first = ask(shop, "anna")
    assert network.entered.wait(WAIT)
    return first


def test_a_score_that_cannot_be_in_time_is_refused_at_once_though_every_thread_is_occupied(
    shop: Shop, network: Network
) -> None:
    network.seconds = BATCH_SECONDS
    score_of(ask(shop, "anna"))
    under_way = busy(shop, network)
    next_in_line = ask(shop, "ben")
    until(lambda: waiting(shop) == 1)
    explained = shop.scoring.ExplainScore.future(
        scoring_service_pb2.ExplainScoreRequest(customer="customers/anna"), timeout=WAIT
    )
    began = len(network.asked)
    until(lambda: len(network.asked) == began + 1)

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


def test_a_score_whose_deadline_passes_in_the_queue_is_never_computed(shop: Shop, network: Network) -> None:
    under_way = busy(shop, network)

    with pytest.raises(grpc.RpcError) as raised:
        ask(shop, "ben", 0.3).result()
    network.gate.set()

    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert [score_of(each) for each in (under_way, ask(shop, "carla"))] == ["customers/anna", "customers/carla"]
    assert network.asked == ["anna", "carla"]


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
