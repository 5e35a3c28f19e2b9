"""The wire's door gives a score, or a refusal that names the field; it never breaks."""

from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import money_pb2
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made.hostile import LARGE, TEXTS
from running.serving import Shop, purchase, recording, refusal, serving, stamp
from tierwise.v1 import event_pb2, scoring_service_pb2

from database.session import Database

BIG = 2**63 - 1
doubles = st.one_of(st.sampled_from([0.0, -1.0, 1.0, 1e9, 1e308, float("inf"), float("nan")]), st.floats())
words = st.one_of(st.sampled_from([*TEXTS, *LARGE]), st.text(max_size=20))
seconds = st.one_of(st.integers(-BIG, BIG), st.sampled_from([0, 253_402_300_799]), st.just(stamp().seconds - 60))


@pytest.fixture(scope="module")
def shop(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with serving(database_of_file, tmp_path_factory.mktemp("shop")) as running:
        running.customers.BatchCreateEvents(recording("anna", [purchase(-40), purchase(-3)]))
        yield running


@st.composite
def hostile_events(draw: st.DrawFn) -> event_pb2.Event:
    return event_pb2.Event(
        event_time=Timestamp(seconds=draw(seconds), nanos=draw(st.sampled_from([0, -1, 2**31 - 1]))),
        type=event_pb2.Event.Type.ValueType(draw(st.sampled_from([0, 1, 3, 5, 99]))),
        item_id=draw(words), order_id=draw(words), channel=draw(words),
        text=draw(words), attribution_token=draw(words), quantity=draw(doubles),
        rating=draw(st.sampled_from([1, 0, -1, 2**31 - 1])),
        dwell_duration=Duration(seconds=draw(st.sampled_from([1, -1, 315_576_000_000]))),
        unit_price=money_pb2.Money(
            currency_code=draw(st.sampled_from(["GBP", "EUR", "gbp", "", "😀"])),
            units=draw(st.sampled_from([1, -1, BIG])), nanos=draw(st.sampled_from([0, -1, 5, 2**31 - 1])),
        ),
    )  # fmt: skip


def one_thing_wrong() -> st.SearchStrategy[event_pb2.Event]:
    """An event that is right but for one field: each check stands alone."""

    def with_field(pair: tuple[event_pb2.Event, str]) -> event_pb2.Event:
        changed: event_pb2.Event = purchase(-0.01)
        name = pair[1]
        changed.ClearField(name)  # type: ignore[arg-type] # by name
        changed.MergeFrom(event_pb2.Event(**{name: getattr(pair[0], name)}))
        return changed

    names = [field.name for field in event_pb2.Event.DESCRIPTOR.fields if field.name != "name"]
    return st.tuples(hostile_events(), st.sampled_from(names)).map(with_field)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.one_of(one_thing_wrong(), hostile_events()))
@example(event_pb2.Event(event_time=stamp(-0.01), type=event_pb2.Event.REVIEW, text="<b>" * 3000, rating=5))
def test_a_hostile_session_is_scored_or_refused_by_field(shop: Shop, event: event_pb2.Event) -> None:
    request = scoring_service_pb2.ScoreRequest(customer="customers/anna", session_events=[event])
    try:
        score = shop.scoring.Score(request).score
    except grpc.RpcError as raised:
        found = refusal(raised)
        assert (found.code, found.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST"), found
        assert found.fields, found
        assert all(field.startswith("session_events[0].") for field in found.fields), found
    else:
        chances = [each.probability for each in score.purchase_probabilities]
        assert 0 <= chances[0] <= chances[1] <= chances[2] <= 1


def test_prices_in_another_currency_are_refused_and_not_taken_for_the_models(shop: Shop) -> None:
    euros = purchase(-0.01)
    euros.unit_price.currency_code = "EUR"
    session = [purchase(-0.02), euros]
    asked = scoring_service_pb2.ScoreRequest(customer="customers/anna", session_events=session)
    with pytest.raises(grpc.RpcError) as scored:
        shop.scoring.Score(asked)
    with pytest.raises(grpc.RpcError) as explained:
        shop.scoring.ExplainScore(
            scoring_service_pb2.ExplainScoreRequest(customer="customers/anna", session_events=session)
        )

    for raised in (scored, explained):
        found = refusal(raised.value)
        assert found.fields == ["session_events[1].unit_price.currency_code"]
        assert "the model's money is in GBP" in found.message
