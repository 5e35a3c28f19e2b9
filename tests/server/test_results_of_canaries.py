"""What came of a canary's customers, over the wire."""

from collections.abc import Iterator

import grpc
import pytest
from running.serving import Shop, refusal, serving
from shops.canary_shop import ACTIVE, CANARY, compare
from tierwise.v1 import campaign_results_pb2, model_results_pb2, scoring_service_pb2

from database.session import Database

CONVERSION = campaign_results_pb2.CampaignResults.CONVERSION


@pytest.fixture(scope="module")
def shop(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    compare(database_of_file)
    with serving(database_of_file, tmp_path_factory.mktemp("home"), model=False) as running:
        yield running


def results(shop: Shop, model_id: str, run: int = 0) -> model_results_pb2.ModelResults:
    request = scoring_service_pb2.GetModelResultsRequest(name=f"models/{model_id}", run=run)
    found: model_results_pb2.ModelResults = shop.scoring.GetModelResults(request)
    return found


def test_a_canary_that_is_over_is_told_with_its_groups_intervals_and_accuracy(shop: Shop) -> None:
    found = results(shop, "m2")

    assert (found.model, found.against, found.run, found.canary_share) == ("models/m2", "models/m1", 1, 0.5)
    assert found.count_time == found.end_time
    assert (found.canary_count, found.active_count, found.currency_code) == (len(CANARY), len(ACTIVE), "GBP")
    assert found.verdict == model_results_pb2.ModelResults.BETTER
    bought, spent = found.effects
    assert (bought.metric, bought.canary_mean, bought.active_mean) == (CONVERSION, 90 / len(CANARY), 30 / len(ACTIVE))
    assert 0 < spent.difference_interval.low < spent.single_look_interval.low < spent.difference
    assert not found.sample_ratio.mismatch
    (right,) = found.accuracies
    assert (right.model, right.horizon_days, right.auc, right.auc_interval.low) == ("models/m2", 30, 0.8, 0.7)
    assert [each.days for each in found.durations if each.metric == CONVERSION] == [60, 90]
    assert 0 < found.durations[0].smallest_lift < 1


@pytest.mark.parametrize(
    ("model_id", "run", "reason"),
    [("m9", 0, "MODEL_NOT_FOUND"), ("m1", 0, "MODEL_NEVER_CANARY"), ("m2", 2, "MODEL_NEVER_CANARY")],
)
def test_what_never_was_a_canary_has_no_results(shop: Shop, model_id: str, run: int, reason: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        results(shop, model_id, run)

    assert refusal(raised.value).reason == reason
