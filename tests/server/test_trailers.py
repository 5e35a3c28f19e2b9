"""A caller learns in the trailers how long an answer waited and was computed, with whom, and by which model."""

import io
import json
import threading
from collections.abc import Iterator
from typing import Any, cast

import grpc
import pytest
import structlog
from grpc_health.v1 import health_pb2
from made.campaigns import add_customers
from running.serving import Shop, activate, serving
from tierwise.v1 import customer_service_pb2, recommendation_service_pb2, scoring_service_pb2

from database.session import Database
from telemetry import logs

NUMBERS = ("tierwise-queue-ms", "tierwise-load-ms", "tierwise-compute-ms")
SCORE_ANNA = scoring_service_pb2.ScoreRequest(customer="customers/anna")


@pytest.fixture(scope="module")
def shop(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A model comes and goes in one test; the others ask for nothing that this would change."""
    add_customers(database_of_file, ["anna", "ben"])
    with serving(database_of_file, tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the server writes to its log, from a configuration like that of its process."""
    written, before = io.StringIO(), structlog.get_config()
    monkeypatch.setattr("sys.stderr", written)
    logs.configure()
    structlog.configure(cache_logger_on_first_use=False)
    yield written
    structlog.configure(**before)


def trailers(method: Any, request: object) -> dict[str, str]:  # noqa: ANN401 - a multi-callable of any messages
    _, call = method.with_call(request, timeout=10)
    return {name: cast("str", value) for name, value in call.trailing_metadata()}


def test_a_score_comes_with_its_milliseconds_batch_and_model(shop: Shop) -> None:
    told = trailers(shop.scoring.Score, SCORE_ANNA)

    assert told["tierwise-batch-size"] == "1"
    assert told["tierwise-model"] == shop.scoring.Score(SCORE_ANNA).score.model
    assert all(float(told[name]) >= 0 for name in NUMBERS)
    assert float(told["tierwise-compute-ms"]) > 0
    assert len(told["tierwise-log-id"]) == 32


def test_a_batch_and_recommendations_do_too(shop: Shop) -> None:
    both = scoring_service_pb2.BatchScoreRequest(
        requests=[SCORE_ANNA, scoring_service_pb2.ScoreRequest(customer="customers/ben")]
    )
    told = trailers(shop.scoring.BatchScore, both)
    items = trailers(
        shop.items.Recommend, recommendation_service_pb2.RecommendRequest(customer="customers/anna", count=2)
    )

    assert told["tierwise-batch-size"] in {"1", "2"}
    assert told["tierwise-model"] == items["tierwise-model"] == shop.scoring.Score(SCORE_ANNA).score.model
    assert items["tierwise-batch-size"] == "1"
    assert set(NUMBERS) < set(told)
    assert set(NUMBERS) < set(items)


def test_a_call_that_no_pool_served_has_none(shop: Shop) -> None:
    assert trailers(shop.customers.GetCustomer, customer_service_pb2.GetCustomerRequest(name="customers/anna")) == {}


def test_the_log_line_of_a_score_has_the_same_figures_under_the_same_id(shop: Shop, log: io.StringIO) -> None:
    told = trailers(shop.scoring.Score, SCORE_ANNA)

    (line,) = [found for text in log.getvalue().splitlines() if (found := json.loads(text))["event"] == "call"]
    assert (line["method"], line["code"], line["batch_size"]) == ("tierwise.v1.ScoringService/Score", "OK", 1)
    assert line["log_id"] == told["tierwise-log-id"]
    assert [str(line[name]) for name in ("queue_ms", "load_ms", "compute_ms")] == [told[name] for name in NUMBERS]


def test_whoever_watches_a_model_hears_when_it_comes_and_goes(shop: Shop) -> None:
    health: Any = shop.health  # the type of its stub lacks the methods
    heard: list[int] = []
    changed = threading.Condition()
    before = shop.scoring.Score(SCORE_ANNA).score.model
    watching = health.Watch(health_pb2.HealthCheckRequest(service=before), timeout=30)

    def listen() -> None:
        try:
            for answer in watching:
                with changed:
                    heard.append(answer.status)
                    changed.notify()
        except grpc.RpcError:
            pass  # the test is over

    listener = threading.Thread(target=listen)
    listener.start()
    with changed:
        assert changed.wait_for(lambda: len(heard) == 1, 10)
    activate(shop.database, shop.models, "tiny-2", seed=2)
    shop.server.live.refresh()
    with changed:
        assert changed.wait_for(lambda: len(heard) == 2, 10)
    watching.cancel()
    listener.join()

    serving_, gone = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
    assert heard == [serving_, gone]
    assert health.Check(health_pb2.HealthCheckRequest(service="models/tiny-2")).status == serving_
    with pytest.raises(grpc.RpcError) as unknown:
        health.Check(health_pb2.HealthCheckRequest(service="models/tiny-3"))
    assert cast("grpc.Call", unknown.value).code() is grpc.StatusCode.NOT_FOUND


def test_who_proves_nothing_watches_no_name_of_megabytes_and_no_more_than_so_many_watch(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    health: Any = shop.health
    monkeypatch.setattr("server.front.health.MOST_WATCHERS", 1)

    def refused(service: str) -> grpc.StatusCode:
        with pytest.raises(grpc.RpcError) as raised:
            next(health.Watch(health_pb2.HealthCheckRequest(service=service), timeout=30))
        return cast("grpc.Call", raised.value).code()

    assert refused("x" * 1_000_000) is grpc.StatusCode.INVALID_ARGUMENT
    first = health.Watch(health_pb2.HealthCheckRequest(), timeout=30)
    next(first)
    assert refused("") is grpc.StatusCode.RESOURCE_EXHAUSTED
    first.cancel()
    while True:  # until the server has heard of it
        second = health.Watch(health_pb2.HealthCheckRequest(), timeout=30)
        try:
            next(second)
        except grpc.RpcError:
            continue
        second.cancel()
        break
