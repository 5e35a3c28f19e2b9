"""What Prometheus reads of a server is what happened, and the server's port for it is where it was told."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.request import urlopen

import grpc
import pytest
from made.campaigns import add_customers
from prometheus_client.parser import text_string_to_metric_families
from running.serving import Shop, activate, serving
from running.worker_processes import wait_for
from tierwise.v1 import recommendation_service_pb2, scoring_service_pb2

from database.session import Database
from scoring.pool.batch import Batch, Release
from scoring.pool.lane import Lane
from scoring.replicas.asking import Kind, Role, Task
from scoring.replicas.replicas import LocalReplicas
from server.metrics.server import ServerMetrics
from server.scoring.live import Live
from telemetry.distribution import Distribution
from telemetry.exposition import Exposition, PortRefused

SCORE = "tierwise.v1.ScoringService/Score"


def asking(customer: str) -> scoring_service_pb2.ScoreRequest:
    return scoring_service_pb2.ScoreRequest(customer=f"customers/{customer}")


def read(shop: Shop) -> Mapping[str, float]:
    """Each sample by its name and labels, as they are written."""
    assert shop.server.exposition is not None
    with urlopen(f"http://127.0.0.1:{shop.server.exposition.port}/metrics") as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {
            f"{sample.name}{{{','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))}}}": (
                sample.value
            )
            for family in families
            for sample in family.samples
        }


def leave_before_asking(shop: Shop) -> None:
    """Call Score, and hang up without a request."""
    gone = threading.Event()

    def nothing() -> Iterator[bytes]:
        gone.wait()
        yield from ()

    # Who has an answer may be counted for another moment.
    assert shop.server.guard.settle(10)
    score: grpc.StreamUnaryMultiCallable[bytes, bytes] = shop.channel.stream_unary(f"/{SCORE}")
    call = score.future(nothing())
    wait_for(lambda: shop.server.guard.under_way() > 0, seconds=10)
    call.cancel()
    gone.set()
    assert shop.server.guard.settle(10)


@pytest.fixture(scope="module")
def told(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, float]:
    """After three scores, one of nobody, one whose caller left before asking, recommendations, and another model."""
    add_customers(database_of_file, ["anna", "ben"])
    with serving(database_of_file, tmp_path_factory.mktemp("shop"), metrics_listen="0") as shop:
        for customer in ("anna", "ben", "anna"):
            shop.scoring.Score(asking(customer))
        with pytest.raises(grpc.RpcError):
            shop.scoring.Score(asking("nobody"))
        leave_before_asking(shop)
        shop.items.Recommend(recommendation_service_pb2.RecommendRequest(customer="customers/anna"))
        activate(shop.database, shop.models, "tiny-2", seed=2)
        shop.server.live.refresh()
        shop.server.live.stop()
        assert shop.server.guard.settle(10)
        return read(shop)


def test_calls_are_counted_by_method_and_code(told: Mapping[str, float]) -> None:
    count = "tierwise_grpc_call_duration_seconds_count"
    assert told[f"{count}{{code=OK,method={SCORE}}}"] == 3
    assert told[f"{count}{{code=NOT_FOUND,method={SCORE}}}"] == 1
    assert told[f"{count}{{code=CANCELLED,method={SCORE}}}"] == 1
    assert told[f"tierwise_grpc_call_duration_seconds_bucket{{code=OK,le=+Inf,method={SCORE}}}"] == 3
    assert told["tierwise_grpc_calls_in_flight{}"] == 0


def test_batches_are_told_by_pool_lane_model_and_reason(told: Mapping[str, float]) -> None:
    scores, items = (f"lane=interactive,model=tiny-1,pool={pool}" for pool in ("scores", "recommendations"))
    assert told[f"tierwise_pool_queue_wait_seconds_count{{{scores}}}"] == 3
    assert told[f"tierwise_pool_compute_seconds_count{{{scores}}}"] == 3
    assert told[f"tierwise_pool_load_seconds_count{{{items}}}"] == 1
    assert told[f"tierwise_pool_batch_size_sum{{{scores},reason=idle}}"] == 3
    assert told["tierwise_pool_requests_total{lane=interactive,outcome=answered,pool=scores}"] == 4
    assert told["tierwise_pool_requests_total{lane=interactive,outcome=shed,pool=scores}"] == 0
    assert told["tierwise_pool_waiting{lane=interactive,pool=scores}"] == 0


def test_a_shadow_that_is_none_any_more_as_its_batch_ends_is_named(database: Database, tmp_path: Path) -> None:
    metrics = ServerMetrics.of(Live(database, tmp_path, LocalReplicas("cpu"), lambda _now: None))
    metrics.batches.served(
        Batch(
            pool="shadow", lanes=(Lane.BACKGROUND,), reason=Release.IDLE, waits=(0.1,), started=1.0, loaded=1.0,
            released=1.0, ended=2.0, kind=Kind(Task.SCORE, Role.SHADOW, model_id="tiny-2"),
        )
    )  # fmt: skip

    assert {each.labels["model"] for family in metrics.batches.collect() for each in family.samples} == {"tiny-2"}


def test_the_model_in_force_and_its_reloads_are_told(told: Mapping[str, float]) -> None:
    assert told["tierwise_model_in_force_info{model=tiny-2,tier_scheme=}"] == 1
    assert "tierwise_model_in_force_info{model=tiny-1,tier_scheme=}" not in told
    assert told["tierwise_model_reloads_total{outcome=loaded}"] == 2
    assert told["tierwise_model_reloads_total{outcome=rejected}"] == 0


def test_connections_and_the_process_are_told_and_no_customer(told: Mapping[str, float]) -> None:
    assert told["tierwise_database_connections_max{}"] == 8
    assert told["tierwise_database_connections{state=in_use}"] == 0
    assert told["tierwise_database_connections{state=idle}"] >= 1
    assert told["process_resident_memory_bytes{}"] > 0
    assert not [name for name in told if "anna" in name]


@pytest.mark.parametrize("listen", ["localhost", "127.0.0.1:http", "127.0.0.1:70000"])
def test_an_address_that_means_nothing_is_refused(listen: str) -> None:
    with pytest.raises(PortRefused, match=f"TIERWISE_METRICS_LISTEN: '{listen}' is neither host:port nor a port"):
        Exposition.at(listen, [], variable="TIERWISE_METRICS_LISTEN")


def test_a_port_that_is_taken_is_refused_by_its_variable() -> None:
    first = Exposition.at("0", [], variable="TIERWISE_METRICS_LISTEN")

    with pytest.raises(PortRefused, match=f"TIERWISE_METRICS_LISTEN: cannot listen on 127.0.0.1:{first.port}: "):
        Exposition.at(str(first.port), [], variable="TIERWISE_METRICS_LISTEN")
    first.close()


def test_a_value_on_a_bound_counts_below_it() -> None:
    sizes = Distribution("sizes", "Rows.", labels=("pool",), bounds=(1.0, 8.0))
    for size in (1, 2, 8, 9):
        sizes.observe(("scores",), size)

    (family,) = sizes.collect()

    assert [(sample.name, sample.labels.get("le"), sample.value) for sample in family.samples] == [
        ("sizes_bucket", "1.0", 1), ("sizes_bucket", "8.0", 3), ("sizes_bucket", "+Inf", 4), ("sizes_count", None, 4),
        ("sizes_sum", None, 20),
    ]  # fmt: skip
