"""Scores over the wire: fresh behaviour counts, answers say where they come from, and trouble degrades."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration
from made.campaigns import add_customers, prove, store_scores
from running.databases import statements
from running.serving import (
    KEY,
    Shop,
    activate,
    cause,
    new_id,
    purchase,
    read_status,
    recording,
    refusal,
    register,
    serving,
    stamp,
)
from running.worker_processes import wait_for
from sqlalchemy import text
from tierwise.v1 import customer_service_pb2, event_pb2, model_pb2, score_pb2, scoring_service_pb2, tier_pb2

from campaigns.tiers import schemes
from campaigns.tiers.tiers import Levels, Measure, Method
from database.session import Database
from database.work import operations
from server.operations.service import patience
from server.scoring.attribution import PURPOSE
from server.wire.seal import Seal


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    with serving(database, tmp_path) as running:
        yield running


def asking(customer: str, **more: object) -> scoring_service_pb2.ScoreRequest:
    return scoring_service_pb2.ScoreRequest(customer=f"customers/{customer}", **more)  # type: ignore[arg-type] # by name


def chances(score: score_pb2.Score) -> dict[int, float]:
    return {each.horizon_days: each.probability for each in score.purchase_probabilities}


def test_a_score_says_everything_that_was_asked_for(shop: Shop) -> None:
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-40), purchase(-3)]))

    score = shop.scoring.Score(asking("anna")).score

    found = chances(score)
    assert 0 < found[30] <= found[60] <= found[90] < 1
    assert score.expected_spend.expected.currency_code == "GBP"
    assert found[90] <= score.expected_orders < 9
    assert 0 <= score.churn_probability <= 1 - found[90]
    assert (score.customer, score.model, score.degraded) == ("customers/anna", "models/tiny-1", False)
    assert abs(score.as_of_time.ToSeconds() - stamp().ToSeconds()) < 60
    assert (score.tier, score.tier_scheme_version) == (tier_pb2.TIER_UNSPECIFIED, 0)


def test_the_attribution_token_tells_the_origin_and_not_the_customer(shop: Shop) -> None:
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-3)]))

    token = shop.scoring.Score(asking("anna")).score.attribution_token
    origin = Seal(KEY).open(PURPOSE, token)

    assert (origin["m"], origin["c"]) == ("tiny-1", Seal(KEY).fingerprint("anna"))
    assert "anna" not in token


def test_a_recorded_event_changes_the_next_score(shop: Shop) -> None:
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-40)]))
    before = shop.scoring.Score(asking("anna")).score
    shop.customers.BatchCreateEvents(recording("anna", [purchase(0)]))

    assert chances(shop.scoring.Score(asking("anna")).score) != chances(before)


def test_what_happened_in_the_session_counts_as_if_it_were_recorded(shop: Shop) -> None:
    earlier, just_now = purchase(-40), purchase(-0.01, item="item-2")
    shop.customers.BatchCreateEvents(recording("anna", [earlier]))
    shop.customers.BatchCreateEvents(recording("ben", [earlier, just_now]))
    as_of = stamp(-0.001)

    without = shop.scoring.Score(asking("anna", as_of_time=as_of)).score
    session = shop.scoring.Score(asking("anna", as_of_time=as_of, session_events=[just_now])).score
    recorded = shop.scoring.Score(asking("ben", as_of_time=as_of)).score

    assert chances(session) == pytest.approx(chances(recorded))
    assert chances(session) != pytest.approx(chances(without))
    assert shop.customers.ListEvents(_events_of("anna")).events[0].event_time == earlier.event_time


def test_a_score_of_the_past_does_not_see_what_came_later(shop: Shop) -> None:
    as_of = stamp(-10)
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-40)]))
    before = shop.scoring.Score(asking("anna", as_of_time=as_of)).score
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-9), purchase(-1)]))

    after = shop.scoring.Score(asking("anna", as_of_time=as_of)).score

    assert chances(after) == chances(before)
    assert after.as_of_time == as_of


def test_the_tier_of_a_fresh_score_is_kept_for_the_grace_period_and_one_of_the_past_has_no_past(shop: Shop) -> None:
    store_scores(shop.database, {"anna": 9_000_000}, high=8_000_000, mid=7_000_000)
    shop.server.live.refresh()
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-40), purchase(-3)]))
    add_customers(shop.database, ["ben"])

    fresh = shop.scoring.Score(asking("anna")).score
    explained = shop.scoring.ExplainScore(
        scoring_service_pb2.ExplainScoreRequest(customer="customers/anna")
    ).explanation
    past = shop.scoring.Score(asking("anna", as_of_time=stamp(-1))).score
    new = shop.scoring.Score(asking("ben")).score

    assert fresh.expected_spend.expected.units < 70_000
    assert [each.tier for each in (fresh, explained.score, past, new)] == [
        tier_pb2.HIGH, tier_pb2.HIGH, tier_pb2.LOW, tier_pb2.LOW
    ]  # fmt: skip


def test_a_customer_without_events_gets_the_base_rate(shop: Shop) -> None:
    add_customers(shop.database, ["quiet", "still"])

    assert chances(shop.scoring.Score(asking("quiet")).score) == chances(shop.scoring.Score(asking("still")).score)


def test_the_tier_follows_the_active_scheme(shop: Shop) -> None:
    add_customers(shop.database, ["anna"])
    with shop.database.writing() as transaction:
        scheme = schemes.create(
            transaction, cause(), measure=Measure.PURCHASE_90, method=Method.ABSOLUTE,
            parameters=Levels(high=0.0, mid=0.0),
        )  # fmt: skip
        schemes.activate(transaction, cause(), scheme.version)
    shop.server.live.refresh()

    score = shop.scoring.Score(asking("anna")).score

    assert (score.tier, score.tier_scheme_version) == (tier_pb2.HIGH, scheme.version)


def test_a_batch_answers_as_singles_do_and_refuses_strangers_alone(shop: Shop) -> None:
    as_of = stamp(-0.001)
    for customer in ("anna", "ben"):
        shop.customers.BatchCreateEvents(recording(customer, [purchase(-len(customer))]))
    singles = [shop.scoring.Score(asking(customer, as_of_time=as_of)).score for customer in ("anna", "ben")]
    asked = [asking(customer, as_of_time=as_of) for customer in ("anna", "nobody", "ben")]

    results = shop.scoring.BatchScore(scoring_service_pb2.BatchScoreRequest(requests=asked)).results

    assert [result.WhichOneof("outcome") for result in results] == ["score", "status", "score"]
    assert chances(results[0].score) == pytest.approx(chances(singles[0]))
    assert chances(results[2].score) == pytest.approx(chances(singles[1]))
    assert read_status(results[1].status).reason == "CUSTOMER_NOT_FOUND"


def test_a_whole_batch_passes_a_few_at_a_time(database: Database, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(500)]
    add_customers(database, names)
    request = scoring_service_pb2.BatchScoreRequest(requests=[asking(name) for name in names])

    with serving(database, tmp_path) as shop:
        results = shop.scoring.BatchScore(request, timeout=60).results

    assert [result.score.customer for result in results] == [f"customers/{name}" for name in names]


def test_contributions_sum_to_the_score(shop: Shop) -> None:
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-day) for day in (50, 20, 4)]))
    request = scoring_service_pb2.ExplainScoreRequest(customer="customers/anna")
    few = scoring_service_pb2.ExplainScoreRequest(customer="customers/anna", max_contributions=3)

    for asked in (request, few):
        told = shop.scoring.ExplainScore(asked).explanation
        probability = chances(told.score)[90]
        total = told.base_logit + sum(each.logit for each in told.contributions) + told.other_logit
        assert total == pytest.approx(math.log(probability / (1 - probability)), abs=1e-6)

    assert len(told.contributions) == 3
    assert all(each.description for each in told.contributions)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"as_of_time": stamp(1)}, "as_of_time"),
        ({"session_events": [purchase(1)]}, "session_events[0].event_time"),
        ({"session_events": [event_pb2.Event(event_time=stamp())]}, "session_events[0].type"),
        ({"as_of_time": stamp(-5), "session_events": [purchase(-1)]}, "session_events[0].event_time"),
    ],
    ids=["score of the future", "event of the future", "event without type", "event after the score"],
)
def test_impossible_times_are_refused_by_field(shop: Shop, changes: dict[str, object], field: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        shop.scoring.Score(asking("anna", **changes))

    assert refusal(raised.value).reason == "INVALID_REQUEST"
    assert refusal(raised.value).fields == [field]


def test_without_a_model_the_last_stored_score_answers_and_says_so(database: Database, tmp_path: Path) -> None:
    add_customers(database, ["anna", "new"])
    store_scores(database, {"anna": 9000})

    with serving(database, tmp_path, model=False) as shop:
        score = shop.scoring.Score(asking("anna")).score
        with database.writing() as transaction:
            transaction.execute(text("UPDATE scores SET expected_orders = NULL"))
        older = shop.scoring.Score(asking("anna")).score
        later = shop.scoring.Score(asking("anna", as_of_time=score.as_of_time)).score
        with pytest.raises(grpc.RpcError) as raised:
            shop.scoring.Score(asking("new"))
        score.as_of_time.seconds -= 1
        with pytest.raises(grpc.RpcError, match="that knows only what was so at as_of_time"):
            shop.scoring.Score(asking("anna", as_of_time=score.as_of_time))

    assert later == older
    assert (score.degraded, score.degraded_reason) == (True, score_pb2.Score.MODEL_NOT_LOADED)
    assert (score.model, score.tier, score.expected_spend.expected.units) == ("models/m1", tier_pb2.HIGH, 90)
    assert score.expected_orders == 0.6
    assert not older.HasField("expected_orders")
    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("UNAVAILABLE", "MODEL_UNAVAILABLE")
    assert "RetryInfo" in refused.details


def test_who_finds_no_model_is_told_which_one_cannot_be_loaded(database: Database, tmp_path: Path) -> None:
    add_customers(database, ["new"])
    activate(database, tmp_path / "models")
    shutil.rmtree(tmp_path / "models")

    with serving(database, tmp_path, model=False) as shop:
        wait_for(lambda: shop.server.live.rejected > 0)
        with pytest.raises(grpc.RpcError, match=r"models/tiny-1 cannot be loaded: the log says why"):
            shop.scoring.ExplainScore(scoring_service_pb2.ExplainScoreRequest(customer="customers/new"))


def test_a_batch_reads_its_last_stored_scores_at_once(database: Database, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(100)]
    add_customers(database, [*names, "new"])
    store_scores(database, dict.fromkeys(names, 9000))
    asked = [asking(name) for name in [*names, "new", "nobody"]]

    with serving(database, tmp_path, model=False) as shop, statements() as seen:
        results = shop.scoring.BatchScore(scoring_service_pb2.BatchScoreRequest(requests=asked)).results

    assert [result.score.customer for result in results[:100]] == [f"customers/{name}" for name in names]
    assert {result.score.degraded_reason for result in results[:100]} == {score_pb2.Score.MODEL_NOT_LOADED}
    assert [read_status(result.status).reason for result in results[100:]] == [
        "MODEL_UNAVAILABLE", "CUSTOMER_NOT_FOUND",
    ]  # fmt: skip
    assert sum("FROM scores" in each for each in seen) == 1


def test_activating_a_model_moves_the_answers_to_it(shop: Shop) -> None:
    add_customers(shop.database, ["anna"])
    register(shop.database, shop.models, "tiny-2", seed=2)
    prove(shop.database, "tiny-2")

    activated = shop.scoring.ActivateModel(scoring_service_pb2.ActivateModelRequest(name="models/tiny-2"))
    shop.server.live.refresh()

    assert activated.state == model_pb2.Model.ACTIVE
    assert dict(activated.metrics) == {"test.auc": 0.5}
    assert shop.scoring.Score(asking("anna")).score.model == "models/tiny-2"
    listed = shop.scoring.ListModels(scoring_service_pb2.ListModelsRequest()).models
    assert {model.name: model.state for model in listed} == {
        "models/tiny-1": model_pb2.Model.RETIRED, "models/tiny-2": model_pb2.Model.ACTIVE,
    }  # fmt: skip


def test_a_damaged_model_is_not_activated(shop: Shop) -> None:
    register(shop.database, shop.models, "tiny-2", seed=2)
    (shop.models / "tiny-2" / "weights.safetensors").write_bytes(b"not weights")

    with pytest.raises(grpc.RpcError) as raised:
        shop.scoring.ActivateModel(scoring_service_pb2.ActivateModelRequest(name="models/tiny-2", request_id=new_id()))

    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "MODEL_UNUSABLE")
    assert str(shop.models) not in refused.message
    kept = shop.scoring.GetModel(scoring_service_pb2.GetModelRequest(name="models/tiny-1"))
    assert kept.state == model_pb2.Model.ACTIVE


def test_a_model_that_turns_out_damaged_leaves_the_one_before_in_force(shop: Shop) -> None:
    add_customers(shop.database, ["anna"])
    activate(shop.database, shop.models, "tiny-2", seed=2)
    shutil.rmtree(shop.models / "tiny-2")

    shop.server.live.refresh()

    assert shop.scoring.Score(asking("anna")).score.model == "models/tiny-1"


def test_customers_are_not_scored_as_of_a_time_to_come(shop: Shop) -> None:
    """What is known of them would be of then, and no rescoring until then could bring it up to date."""
    with pytest.raises(grpc.RpcError) as raised:
        shop.scoring.ScoreAllCustomers(scoring_service_pb2.ScoreAllCustomersRequest(as_of_time=stamp(1)))

    assert (refusal(raised.value).reason, refusal(raised.value).fields) == ("INVALID_REQUEST", ["as_of_time"])
    with shop.database.reading() as snapshot:
        assert operations.running(snapshot, operations.SCORE_ALL_CUSTOMERS) is None


def test_whoever_follows_an_operation_is_answered_before_the_deadline_and_within_a_minute() -> None:
    asked = operations_pb2.WaitOperationRequest(name="operations/o1")
    soon = operations_pb2.WaitOperationRequest(name="operations/o1", timeout=Duration(seconds=5))

    assert [patience(asked, remaining) for remaining in (30.0, 900_000.0)] == [15.0, 60.0]
    assert [patience(soon, remaining) for remaining in (4.0, 900_000.0)] == [2.0, 5.0]


def test_a_rescoring_begins_as_an_operation_that_can_be_followed_and_cancelled(shop: Shop) -> None:
    add_customers(shop.database, ["anna", "ben"])
    begun = shop.scoring.ScoreAllCustomers(scoring_service_pb2.ScoreAllCustomersRequest())
    with pytest.raises(grpc.RpcError) as raised:
        shop.scoring.ScoreAllCustomers(scoring_service_pb2.ScoreAllCustomersRequest())
    shop.operations.CancelOperation(operations_pb2.CancelOperationRequest(name=begun.name))
    waited = shop.operations.WaitOperation(operations_pb2.WaitOperationRequest(name=begun.name), timeout=1)

    patient = operations_pb2.WaitOperationRequest(name=begun.name, timeout=Duration(seconds=2**62))
    with pytest.raises(grpc.RpcError) as beyond:
        shop.operations.WaitOperation(patient)

    assert (refusal(beyond.value).reason, refusal(beyond.value).fields) == ("INVALID_REQUEST", ["timeout"])
    progress = scoring_service_pb2.ScoreAllCustomersMetadata()
    assert waited.metadata.Unpack(progress)
    assert (waited.done, progress.done_count, progress.total_count, progress.cancel_requested) == (False, 0, 2, True)
    assert refusal(raised.value).reason == "RESCORING_RUNNING"
    assert "PreconditionFailure" in refusal(raised.value).details


def _events_of(customer: str) -> customer_service_pb2.ListEventsRequest:
    return customer_service_pb2.ListEventsRequest(parent=f"customers/{customer}")
