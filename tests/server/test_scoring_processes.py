"""The server with models in processes of their own: the same answers, whatever dies or changes meanwhile."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import cast
from urllib.request import urlopen

import grpc
import pytest
from made.campaigns import make_cause, prove, store_scores
from running.serving import Shop, activate, purchase, recording, refusal, register, serving
from running.worker_processes import wait_for as until
from structlog.testing import capture_logs
from tierwise.v1 import (
    item_availability_pb2,
    item_service_pb2,
    recommendation_service_pb2,
    score_pb2,
    scoring_service_pb2,
)

from campaigns.models import registry
from campaigns.models.stages import Stage, State
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Levels, Measure, Method
from database.session import Database
from scoring.pool.process import START_SECONDS, ProcessReplica
from scoring.pool.replica import Compute
from scoring.replicas import replicas
from scoring.replicas.replicas import Models, ProcessReplicas

SCORE_ANNA = scoring_service_pb2.ScoreRequest(customer="customers/anna")
CALLERS = 6
Making = Callable[..., Callable[[], Compute]]
Loading = Callable[..., Compute]


@pytest.fixture(scope="module")
def shop(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with serving(database_of_file, tmp_path_factory.mktemp("home"), replicas=1, metrics_listen="0") as running:
        running.customers.BatchCreateEvents(recording("anna", [purchase(-day) for day in (40, 3)]))
        store_scores(running.database, {"anna": 9000})
        yield running


def scoring_replica(shop: Shop) -> ProcessReplica:
    assert isinstance(shop.server.replicas, ProcessReplicas)
    return shop.server.replicas._replicas[0]


def told_of(shop: Shop, sample: str) -> float:
    """What Prometheus would read."""
    assert shop.server.exposition is not None
    with urlopen(f"http://127.0.0.1:{shop.server.exposition.port}/metrics") as answer:
        values = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
    return float(values[sample])


@contextmanager
def asking(shop: Shop) -> Iterator[list[score_pb2.Score | grpc.RpcError]]:
    """Callers who ask for a score again and again; what they were told grows meanwhile."""
    told: list[score_pb2.Score | grpc.RpcError] = []
    done = threading.Event()

    def caller() -> None:
        while not done.is_set():
            try:
                told.append(shop.scoring.Score(SCORE_ANNA, timeout=60).score)
            except grpc.RpcError as error:
                told.append(error)

    callers = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for each in callers:
        each.start()
    try:
        wait_for(told, CALLERS)
        yield told
        wait_for(told, len(told) + 2 * CALLERS)
    finally:
        done.set()
        for each in callers:
            each.join()


def wait_for(told: list[score_pb2.Score | grpc.RpcError], count: int) -> None:
    while len(told) < count:
        threading.Event().wait(0.01)


def model(shop: Shop) -> str:
    """Resource name of the one in force."""
    assert shop.server.live.in_force.model is not None
    return f"models/{shop.server.live.in_force.model.model_id}"


def models_and_failures(told: list[score_pb2.Score | grpc.RpcError]) -> tuple[set[str], list[object]]:
    scores = [each for each in told if isinstance(each, score_pb2.Score) and not each.degraded]
    return {score.model for score in scores}, [each for each in told if each not in scores]


def test_a_process_answers_whatever_a_model_can_be_asked(shop: Shop) -> None:
    as_of = shop.scoring.Score(SCORE_ANNA).score.as_of_time
    request = scoring_service_pb2.ScoreRequest(customer="customers/anna", as_of_time=as_of)
    answered = shop.scoring.Score(request).score
    explained = shop.scoring.ExplainScore(
        scoring_service_pb2.ExplainScoreRequest(customer="customers/anna", as_of_time=as_of)
    ).explanation
    items = shop.items.Recommend(recommendation_service_pb2.RecommendRequest(customer="customers/anna", count=3))
    similar = shop.items.SimilarItems(recommendation_service_pb2.SimilarItemsRequest(item_id="item-1", count=3))

    assert answered.model == model(shop)
    for one, other in zip(answered.purchase_probabilities, explained.score.purchase_probabilities, strict=True):
        assert one.probability == pytest.approx(other.probability, abs=0.005), "a score may be rounded to bfloat16"
    assert (len(items.recommendations), len(similar.items)) == (3, 3)
    gone = {each.item_id for each in (*items.recommendations, *similar.items)}
    said = [item_availability_pb2.ItemAvailability(item_id=item, available=False) for item in gone]
    shop.stock.UpdateAvailability(item_service_pb2.UpdateAvailabilityRequest(items=said))
    others = shop.items.Recommend(recommendation_service_pb2.RecommendRequest(customer="customers/anna", count=3))
    assert not {each.item_id for each in others.recommendations} & gone
    with pytest.raises(grpc.RpcError) as unknown:
        shop.items.SimilarItems(recommendation_service_pb2.SimilarItemsRequest(item_id="nothing"))
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


def test_killed_under_load_it_is_replaced_and_no_request_fails(shop: Shop) -> None:
    deaths = shop.server.predictions.figures()["scores"].deaths
    with capture_logs() as lines, asking(shop) as told:
        for _ in range(2):
            os.kill(scoring_replica(shop).pid, signal.SIGKILL)
            deaths += 1
            while shop.server.predictions.figures()["scores"].deaths < deaths:
                threading.Event().wait(0.01)
            wait_for(told, len(told) + CALLERS)

    assert models_and_failures(told) == ({model(shop)}, [])
    assert [line["pool"] for line in lines if line["event"] == "replica died"] == ["scores"] * 2
    assert told_of(shop, 'tierwise_pool_replica_deaths_total{pool="scores"}') == deaths
    assert told_of(shop, 'tierwise_pool_replicas{pool="scores"}') == 1


def test_another_model_comes_under_load_and_no_request_fails(shop: Shop) -> None:
    before = model(shop)
    with asking(shop) as told:
        activate(shop.database, shop.models, "tiny-2", seed=2)
        shop.server.live.refresh()

    assert models_and_failures(told) == ({before, "models/tiny-2"}, [])
    assert shop.scoring.Score(SCORE_ANNA).score.model == "models/tiny-2"


def test_without_a_process_the_stored_score_answers_and_says_so(shop: Shop) -> None:
    folder = shop.models / model(shop).removeprefix("models/")
    away = folder.rename(shop.models / "away")
    with capture_logs() as lines:
        os.kill(scoring_replica(shop).pid, signal.SIGKILL)
        scores = [shop.scoring.Score(SCORE_ANNA, timeout=60).score for _ in range(2)]
        away.rename(folder)
        until(lambda: any(line["event"] == "replica is back" for line in lines))

    assert [(score.degraded, score.degraded_reason) for score in scores] == [
        (True, score_pb2.Score.MODEL_NOT_LOADED)
    ] * 2
    assert scores[0].expected_spend.expected.units == 90
    why = [line["exc_info"].__cause__ for line in lines if line["event"] == "replica does not start"]
    assert [str(folder) in str(cause) for cause in why] == [True]
    assert models_and_failures([shop.scoring.Score(SCORE_ANNA, timeout=60).score]) == ({model(shop)}, [])


def test_a_process_that_hangs_leaves_the_stored_score_to_whoever_has_less_time_than_it_is_late(shop: Shop) -> None:
    degraded = 'tierwise_degraded_answers_total{reason="model_not_loaded"}'
    before = told_of(shop, degraded)
    shop.scoring.Score(SCORE_ANNA, timeout=60)
    explain = scoring_service_pb2.ExplainScoreRequest(customer="customers/anna")
    shop.scoring.ExplainScore(explain, timeout=60)
    assert isinstance(shop.server.replicas, ProcessReplicas)
    hanging = [replica.pid for replica in shop.server.replicas._replicas[:2]]
    for hangs in hanging:
        os.kill(hangs, signal.SIGSTOP)
    many = scoring_service_pb2.BatchScoreRequest(requests=[SCORE_ANNA] * 20)
    with capture_logs() as lines:
        of_batch = shop.scoring.BatchScore.future(many, timeout=4)
        why = shop.scoring.ExplainScore.future(explain, timeout=3)
        waited = shop.scoring.Score(SCORE_ANNA, timeout=3).score
        stored = [waited, shop.scoring.Score(SCORE_ANNA, timeout=1).score]
        stored += [each.score for each in of_batch.result().results]
        assert told_of(shop, 'tierwise_pool_waiting{lane="batch",pool="scores"}') == 0
        assert refusal(cast("grpc.RpcError", why.exception())).code == "UNAVAILABLE"
        assert shop.server.guard.settle(10)
    for hangs in hanging:
        os.kill(hangs, signal.SIGCONT)

    calls = [(line["code"], line["degraded"]) for line in lines if line["event"] == "call" and "degraded" in line]
    assert calls == [("OK", "MODEL_NOT_LOADED")] * 3
    assert told_of(shop, degraded) - before == 22
    assert [(score.degraded_reason, score.expected_spend.expected.units) for score in stored] == [
        (score_pb2.Score.MODEL_NOT_LOADED, 90)
    ] * 22
    assert models_and_failures([shop.scoring.Score(SCORE_ANNA, timeout=60).score]) == ({model(shop)}, [])


def test_a_model_that_hangs_while_it_is_loaded_holds_up_neither_a_move_nor_the_end(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    monkeypatch.setattr(ProcessReplicas, "_making", hanging_at("tiny-3", begun, ProcessReplicas._making))
    with serving(database, tmp_path, replicas=1) as shop:
        for number in (2, 3):
            register(database, shop.models, f"tiny-{number}", seed=number)
            prove(database, f"tiny-{number}")
        move(database, "tiny-3", Stage(State.CANARY, canary_share=0.4))
        until(begun.is_file)
        begun.unlink()
        move(database, "tiny-2", Stage(State.ACTIVE))
        until(lambda: model(shop) == "models/tiny-2", seconds=START_SECONDS / 2)
        until(begun.is_file)
        assert shop.server.live.rejected == 0
        ending = time.monotonic()
    assert time.monotonic() - ending < START_SECONDS / 2


@pytest.mark.parametrize("processes", [0, 1])
def test_an_active_model_that_hangs_while_it_is_loaded_holds_up_no_tier_scheme(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    begun = tmp_path / "begun"
    if processes:
        monkeypatch.setattr(ProcessReplicas, "_making", hanging_at("tiny-2", begun, ProcessReplicas._making))
    else:
        monkeypatch.setattr(replicas, "_computing", hanging_here_at("tiny-2", begun, replicas._computing))
    with serving(database, tmp_path, replicas=processes) as shop:
        register(database, shop.models, "tiny-2", seed=2)
        prove(database, "tiny-2")
        move(database, "tiny-2", Stage(State.ACTIVE))
        until(begun.is_file)
        version = new_scheme(database)
        until(lambda: scheme(shop) == version, seconds=START_SECONDS / 2)
        assert (shop.server.live.rejected, model(shop)) == (0, "models/tiny-1")
        ending = time.monotonic()
    assert time.monotonic() - ending < START_SECONDS / 2


def new_scheme(database: Database) -> int:
    with database.writing() as transaction:
        made = schemes.create(
            transaction, make_cause(), measure=Measure.EXPECTED_VALUE, method=Method.ABSOLUTE,
            parameters=Levels(high=2, mid=1),
        )  # fmt: skip
        return schemes.activate(transaction, make_cause(), made.version).version


def scheme(shop: Shop) -> int | None:
    found = shop.server.live.in_force.scheme
    return None if found is None else found.version


def move(database: Database, model_id: str, stage: Stage) -> None:
    with database.writing() as transaction:
        registry.move(transaction, make_cause(), model_id, stage)


def hanging_at(model_id: str, begun: Path, making: Making) -> Making:
    """A process that is to load the model writes a file, and never ends."""

    def made(replicas: ProcessReplicas, models: Models, *more: object, **named: object) -> Callable[[], Compute]:
        if model_id in {model.model_id for model in models.values()}:
            return partial(hang, begun)
        return making(replicas, models, *more, **named)

    return made


def hanging_here_at(model_id: str, begun: Path, loading: Loading) -> Loading:
    """The same of a thread of the server's own."""

    def loaded(models: Models, *more: object, **named: object) -> Compute:
        if model_id in {model.model_id for model in models.values()}:
            return hang(begun)
        return loading(models, *more, **named)

    return loaded


def hang(begun: Path) -> Compute:
    begun.touch()
    threading.Event().wait()
    raise AssertionError
