"""A market's adapter answers when its market is named, comes and goes while the server runs, and may be broken."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import grpc
import pytest
import torch
from made.campaigns import make_cause, prove, store_scores
from running.serving import Shop, purchase, recording, refusal, register, serving, stamp
from tierwise.v1 import model_pb2, score_pb2, scoring_service_pb2

from campaigns.models import registry
from database.session import Database
from scoring import adapters
from scoring.adapters import Adapter, Method
from scoring.folders import market_files
from scoring.replicas.replicas import ProcessReplicas
from tierwise_client import Tierwise

YESTERDAY = stamp(-1)


@pytest.fixture(scope="module")
def shop(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """With models in processes of their own, as they are where it matters."""
    with serving(database_of_file, tmp_path_factory.mktemp("home"), replicas=1) as running:
        running.customers.BatchCreateEvents(recording("anna", [purchase(-day) for day in (40, 3)]))
        store_scores(running.database, {"anna": 9000})
        yield running


def path_of(shop: Shop, market: str) -> Path:
    return market_files.path_of(shop.models / "tiny-1", market)


def teach(shop: Shop, market: str, level: float) -> None:
    """Everybody of this market buys so many logits more."""
    tensors = {"0:heads:bias": torch.tensor([level] * 3 + [0.0] * 3)}
    adapters.write(Adapter(market=market, method=Method.LORA, base="tiny-1", tensors=tensors), path_of(shop, market))


def asking(market: str) -> scoring_service_pb2.ScoreRequest:
    """As of one time, so that answers differ by nothing else."""
    return scoring_service_pb2.ScoreRequest(customer="customers/anna", market=market, as_of_time=YESTERDAY)


def score(shop: Shop, market: str = "") -> score_pb2.Score:
    return shop.scoring.Score(asking(market), timeout=60).score


def process_of(shop: Shop) -> int:
    """That scores."""
    assert isinstance(shop.server.replicas, ProcessReplicas)
    return shop.server.replicas._replicas[0].pid


def chance(scored: score_pb2.Score) -> float:
    return scored.purchase_probabilities[-1].probability


def test_each_market_has_its_own_answers_in_one_batch_and_the_base_keeps_its_own(shop: Shop) -> None:
    before = chance(score(shop))
    teach(shop, "fr", 1.0)
    teach(shop, "de", 2.0)
    asked = [asking(market) for market in ("fr", "", "de", "it")]

    answers = shop.scoring.BatchScore(scoring_service_pb2.BatchScoreRequest(requests=asked), timeout=60).results

    french, base, german, italian = (each.score for each in answers)
    assert [each.score.market for each in answers] == ["fr", "", "de", ""]
    assert chance(base) == chance(italian) == before < chance(french) < chance(german)
    explained = shop.scoring.ExplainScore(
        scoring_service_pb2.ExplainScoreRequest(customer="customers/anna", market="de", as_of_time=YESTERDAY),
        timeout=60,
    ).explanation
    assert chance(explained.score) == pytest.approx(chance(german), abs=1e-6)
    assert explained.score.market == "de"


def test_an_adapter_comes_changes_and_goes_without_a_restart(shop: Shop) -> None:
    replica = process_of(shop)
    before = chance(score(shop, "es"))
    teach(shop, "es", 1.0)
    first = score(shop, "es")
    teach(shop, "es", 2.0)
    second = score(shop, "es")
    path_of(shop, "es").unlink()

    assert before < chance(first) < chance(second)
    assert (chance(score(shop, "es")), score(shop, "es").market) == (before, "")
    assert process_of(shop) == replica


def test_a_broken_or_foreign_adapter_leaves_the_stored_score_and_other_markets_alone(shop: Shop) -> None:
    teach(shop, "fr", 1.0)
    path_of(shop, "pt").write_bytes(b"not safetensors")
    path_of(shop, "nl").write_bytes(path_of(shop, "fr").read_bytes())

    whole = score(shop, "fr")
    for market in ("pt", "nl"):
        broken = score(shop, market)
        with pytest.raises(grpc.RpcError) as raised:
            shop.scoring.ExplainScore(
                scoring_service_pb2.ExplainScoreRequest(customer="customers/anna", market=market), timeout=60
            )
        told = refusal(raised.value)

        assert (broken.degraded, broken.degraded_reason) == (True, score_pb2.Score.MODEL_FAILED)
        assert (told.code, told.reason) == ("FAILED_PRECONDITION", "MODEL_UNUSABLE")
        assert told.message.startswith(f"the model cannot answer for market {market}: its adapter is damaged, of an")
    assert (whole.degraded, whole.market) == (False, "fr")


def test_a_model_without_the_adapters_answers_only_where_they_are_dropped(shop: Shop) -> None:
    with shop.database.writing() as transaction:
        registry.roll_back(transaction, make_cause(), "m1")
    register(shop.database, shop.models, "plain", seed=2)
    prove(shop.database, "plain")
    for path in path_of(shop, "fr").parent.glob("*"):
        path.unlink()
    teach(shop, "fr", 1.0)
    answers = scoring_service_pb2.ActivateModelRequest(name="models/plain", validate_only=True)
    canary = scoring_service_pb2.MoveModelRequest(
        name="models/plain", state=model_pb2.Model.CANARY, canary_share=0.1, validate_only=True
    )
    for refused in (partial(shop.scoring.ActivateModel, answers), partial(shop.scoring.MoveModel, canary)):
        with pytest.raises(grpc.RpcError) as raised:
            refused()
        told = refusal(raised.value)
        assert (told.code, told.reason) == ("FAILED_PRECONDITION", "MARKETS_LOST")
        assert told.message.startswith("models/plain has no adapter of fr, and the model that answers has")
    answers.drop_markets = canary.drop_markets = True

    assert shop.scoring.ActivateModel(answers).state == model_pb2.Model.ACTIVE
    assert shop.scoring.MoveModel(canary).state == model_pb2.Model.CANARY


def test_a_market_is_a_plain_name(shop: Shop) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        score(shop, "../fr")

    assert (refusal(raised.value).code, refusal(raised.value).fields) == ("INVALID_ARGUMENT", ["market"])


def test_the_client_names_a_market(shop: Shop) -> None:
    teach(shop, "fr", 1.0)
    with Tierwise(f"127.0.0.1:{shop.server.port}", insecure=True) as client:
        assert client.score("anna", market="fr").market == "fr"
        (told,) = client.scores(["anna"], market="fr")
        assert isinstance(told, score_pb2.Score)
        assert told.market == "fr"
