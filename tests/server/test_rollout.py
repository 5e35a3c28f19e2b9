"""A model on its way to answering: shadow, canary and rollback, under load and when it is broken."""

import shutil
from collections.abc import Iterator

import grpc
import pytest
from asking import Told, answers, asking, score
from made.campaigns import add_customers, prove
from running.serving import Shop, refusal, register, serving
from running.worker_processes import wait_for
from tierwise.v1 import model_pb2, recommendation_service_pb2, scoring_service_pb2

from campaigns.experiments.assignment import position
from database.session import Database
from scoring.folders.manifest import MANIFEST
from scoring.replicas.asking import ModelFolder, Role
from server.scoring.live import InForce

Model = model_pb2.Model
PATIENCE = 60
"""Seconds: how busy the machine is is not what these tests ask."""
SHARE = 0.4
CUSTOMERS = [f"c{number}" for number in range(16)]
CANARIES = {name for name in CUSTOMERS if position("tiny-2", name) < SHARE}


@pytest.fixture(scope="module")
def shop(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    add_customers(database_of_file, CUSTOMERS)
    with serving(database_of_file, tmp_path_factory.mktemp("home"), replicas=1) as running:
        running.server.live.stop()
        register(running.database, running.models, "tiny-2", seed=2)
        prove(running.database, "tiny-2")
        yield running


def move(shop: Shop, state: Model.State.ValueType, model_id: str = "tiny-2", share: float | None = None) -> Model:
    """And let the server take it up."""
    request = scoring_service_pb2.MoveModelRequest(name=f"models/{model_id}", state=state, canary_share=share)
    moved: Model = shop.scoring.MoveModel(request)
    take_up(shop)
    return moved


def take_up(shop: Shop) -> None:
    shop.server.live.refresh()
    shop.server.predictions.shadows.follow()


def models(shop: Shop) -> dict[str, str]:
    """Who is answered by which model."""
    return {customer: score(shop, customer).model for customer in CUSTOMERS}


def everybody_again(told: Told) -> None:
    """Until about as many calls were answered as there are customers."""
    count = len(told) + len(CUSTOMERS)
    wait_for(lambda: len(told) >= count, seconds=60)


def test_a_model_goes_all_the_way_and_back_under_load_and_no_request_fails(shop: Shop) -> None:
    stages = (
        lambda: move(shop, Model.SHADOW),
        lambda: move(shop, Model.CANARY, share=SHARE),
        lambda: move(shop, Model.ACTIVE),
        lambda: roll_back(shop, "tiny-2"),
    )
    with asking(shop, CUSTOMERS) as told:
        for stage in stages:
            everybody_again(told)
            stage()
        everybody_again(told)

    scores = answers(told)
    assert [each for each in told if each not in scores] == []
    heard = [(each.model, each.customer) for each in scores]
    first = next(place for place, (model, _) in enumerate(heard) if model == "models/tiny-2")
    assert heard[first][1].removeprefix("customers/") in CANARIES, "the canary's customers come first"
    assert set(models(shop).values()) == {"models/tiny-1"}


def roll_back(shop: Shop, model_id: str) -> None:
    answered = shop.scoring.RollBackModel(scoring_service_pb2.RollBackModelRequest(name=f"models/{model_id}"))
    assert (answered.name, answered.state) == ("models/tiny-1", Model.ACTIVE)
    take_up(shop)


def test_a_customer_of_the_canary_hears_it_whatever_is_asked(shop: Shop) -> None:
    moved = move(shop, Model.CANARY, share=SHARE)
    told = models(shop)
    canary, other = min(CANARIES), min(set(CUSTOMERS) - CANARIES)
    explained = {
        each: shop.scoring.ExplainScore(
            scoring_service_pb2.ExplainScoreRequest(customer=f"customers/{each}"), timeout=PATIENCE
        ).explanation.score.model
        for each in (canary, other)
    }
    recommended = shop.items.Recommend(
        recommendation_service_pb2.RecommendRequest(customer=f"customers/{canary}"), timeout=PATIENCE
    )
    batch = shop.scoring.BatchScore(
        scoring_service_pb2.BatchScoreRequest(
            requests=[scoring_service_pb2.ScoreRequest(customer=f"customers/{each}") for each in CUSTOMERS]
        ),
        timeout=PATIENCE,
    )
    move(shop, Model.RETIRED)

    assert (moved.state, moved.canary_share) == (Model.CANARY, SHARE)
    assert {customer for customer, model in told.items() if model == "models/tiny-2"} == CANARIES
    assert explained == {canary: "models/tiny-2", other: "models/tiny-1"}
    assert recommended.model == "models/tiny-2"
    assert {each.score.customer: each.score.model for each in batch.results} == {
        f"customers/{customer}": model for customer, model in told.items()
    }
    assert set(models(shop).values()) == {"models/tiny-1"}


def test_guests_are_in_no_share(shop: Shop) -> None:
    """They have one id, so that a canary of the few would answer all of them."""
    canary = InForce(models={Role.CANARY: ModelFolder("tiny-2", shop.models / "tiny-2")}, canary_share=1.0)

    assert (canary.canary_for(""), canary.canary_for("anna")) == (None, canary.models[Role.CANARY])


def test_what_a_shadow_would_have_said_is_kept_and_never_heard(shop: Shop) -> None:
    known = comparison(shop).count
    move(shop, Model.SHADOW)
    heard = set(models(shop).values())
    wait_for(lambda: shop.server.predictions.figures()["shadow"].total.answered == len(CUSTOMERS))
    move(shop, Model.RETIRED)
    found = comparison(shop)

    assert heard == {"models/tiny-1"}
    assert (found.against, found.count - known, found.failed_count) == ("models/tiny-1", len(CUSTOMERS), 0)
    assert 0 < found.purchase_difference < 1
    assert found.spend_difference.currency_code == "GBP"
    assert "shadow" not in shop.server.predictions.figures(), "its process has ended"


def comparison(shop: Shop) -> model_pb2.Model.Comparison:
    found: Model = shop.scoring.GetModel(scoring_service_pb2.GetModelRequest(name="models/tiny-2"))
    return found.comparison


@pytest.mark.parametrize("state", [Model.SHADOW, Model.CANARY])
def test_one_that_cannot_be_loaded_leaves_the_answers_alone(shop: Shop, state: Model.State.ValueType) -> None:
    name = f"broken-{state}"
    register(shop.database, shop.models, name, seed=3)
    prove(shop.database, name)
    share = SHARE if state == Model.CANARY else None
    moved = shop.scoring.MoveModel(
        scoring_service_pb2.MoveModelRequest(name=f"models/{name}", state=state, canary_share=share)
    )
    shutil.rmtree(shop.models / name)
    take_up(shop)
    told = set(models(shop).values())
    move(shop, Model.RETIRED, name)

    assert moved.state == state
    assert told == {"models/tiny-1"}


def test_one_whose_folder_is_damaged_is_refused_and_stays_where_it_is(shop: Shop) -> None:
    register(shop.database, shop.models, "damaged", seed=4)
    (shop.models / "damaged" / "weights.safetensors").write_bytes(b"not weights")

    with pytest.raises(grpc.RpcError) as raised:
        move(shop, Model.CANARY, "damaged", SHARE)

    assert refusal(raised.value).reason == "MODEL_UNUSABLE"
    kept = shop.scoring.GetModel(scoring_service_pb2.GetModelRequest(name="models/damaged"))
    assert kept.state == Model.CANDIDATE


def test_a_folder_that_was_changed_since_it_was_registered_answers_nobody(shop: Shop) -> None:
    register(shop.database, shop.models, "tiny-3", seed=3)
    manifest = shop.models / "tiny-3" / MANIFEST
    manifest.write_text(manifest.read_text().replace('"auc": 0.5', '"auc": 0.9'))

    with pytest.raises(grpc.RpcError) as raised:
        move(shop, Model.SHADOW, "tiny-3")

    assert refusal(raised.value).reason == "MODEL_UNUSABLE"
