"""Recommendations follow what the shop sells, and are there for guests too."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from made.campaigns import add_customers, audit_lines
from running.serving import Shop, new_id, purchase, recording, refusal, serving, stamp
from running.worker_processes import wait_for
from sqlalchemy import text
from tierwise.v1 import event_pb2, item_service_pb2, recommendation_pb2, recommendation_service_pb2
from tierwise.v1.item_availability_pb2 import ItemAvailability

from database.events import availability
from database.session import Database
from scoring.pool.lane import Lane

ANSWER = recommendation_service_pb2.RecommendResponse
WHY = recommendation_pb2.Recommendation


@pytest.fixture(scope="module")
def running(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with serving(database_of_file, tmp_path_factory.mktemp("home")) as shop:
        shop.customers.BatchCreateEvents(recording("anna", [purchase(-day) for day in (40, 3)]))
        add_customers(database_of_file, ["signed-up"])
        yield shop


@pytest.fixture
def shop(running: Shop) -> Iterator[Shop]:
    """Everything can be had again afterwards."""
    yield running
    say(running, dict.fromkeys(unavailable(running), True))


def say(shop: Shop, said: Mapping[str, bool], **more: object) -> int:
    items = [ItemAvailability(item_id=item, available=available) for item, available in said.items()]
    if not items:
        return 0
    request = item_service_pb2.UpdateAvailabilityRequest(items=items, **more)  # type: ignore[arg-type] # by name
    return shop.stock.UpdateAvailability(request).changed_count


def unavailable(shop: Shop) -> list[str]:
    return [
        each.item_id for each in shop.stock.ListUnavailableItems(item_service_pb2.ListUnavailableItemsRequest()).items
    ]


def recommend(shop: Shop, customer: str = "customers/anna", **wishes: object) -> ANSWER:
    request = recommendation_service_pb2.RecommendRequest(customer=customer, count=100, **wishes)  # type: ignore[arg-type] # by name
    return shop.items.Recommend(request)


def recommended(shop: Shop, customer: str = "customers/anna") -> set[str]:
    return {each.item_id for each in recommend(shop, customer).recommendations}


def similar(shop: Shop, item: str = "item-0", **wishes: object) -> list[recommendation_pb2.Recommendation]:
    request = recommendation_service_pb2.SimilarItemsRequest(item_id=item, count=100, **wishes)  # type: ignore[arg-type] # by name
    return list(shop.items.SimilarItems(request).items)


def test_what_cannot_be_had_is_in_no_answer_until_it_can_be_had_again(shop: Shop) -> None:
    assert {"item-2", "item-5"} < recommended(shop)

    assert say(shop, {"item-2": False, "item-5": False, "never heard of": False, "item-7": True}) == 3

    gone = {"item-2", "item-5"}
    assert not gone & (recommended(shop) | recommended(shop, "") | {each.item_id for each in similar(shop)})
    assert similar(shop, "item-2"), "a page of what is sold out shows what else there is"
    assert recommend(shop, context_item_ids=["item-2"]).recommendations, "and it still speaks for others"
    assert unavailable(shop) == ["item-2", "item-5", "never heard of"]

    assert say(shop, {"item-2": True}) == 1
    assert "item-2" in recommended(shop)
    assert "item-5" not in recommended(shop)


def test_whoever_asks_after_it_was_said_does_not_join_who_asked_before(shop: Shop) -> None:
    pool = "recommendations"
    asked = shop.server.predictions.figures()[pool].lanes[Lane.INTERACTIVE].submitted

    def ask(customer: str) -> Future[set[str]]:
        nonlocal asked
        asked += 1
        asking = callers.submit(recommended, shop, customer)
        wait_for(lambda: shop.server.predictions.figures()[pool].lanes[Lane.INTERACTIVE].submitted == asked)
        return asking

    with ThreadPoolExecutor(3) as callers:
        with shop.database.writing() as transaction:
            transaction.execute(text("LOCK TABLE customers"))
            first = ask("customers/nobody")
            before = ask("customers/anna")
            say(shop, {"item-2": False})
            after = ask("customers/anna")
        assert "item-2" in first.result() & before.result()
        assert "item-2" not in after.result()


def test_what_is_said_twice_is_harmless_and_of_contradictions_the_last_counts(shop: Shop) -> None:
    before, once = audit_lines(shop.database), new_id()

    assert [say(shop, {"item-3": False}, request_id=once) for _ in range(2)] == [1, 1]
    assert say(shop, {"item-3": False}) == 0

    assert audit_lines(shop.database)[len(before) :] == [("items.update", "items", "OK")]
    both = [ItemAvailability(item_id="item-3", available=available) for available in (False, True)]
    shop.stock.UpdateAvailability(item_service_pb2.UpdateAvailabilityRequest(items=both))
    assert unavailable(shop) == []


def test_that_an_item_is_named_does_not_say_that_it_is_gone(shop: Shop) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        shop.stock.UpdateAvailability(
            item_service_pb2.UpdateAvailabilityRequest(items=[ItemAvailability(item_id="item-3")])
        )

    assert refusal(raised.value).fields == ["items[0].available"]


def test_a_server_follows_what_others_write(shop: Shop) -> None:
    with shop.database.writing() as transaction:
        availability.say(transaction, {"item-4": False})

    wait_for(lambda: "item-4" not in recommended(shop))


@pytest.mark.parametrize("customer", ["", "customers/nobody", "customers/signed-up"])
def test_whoever_has_no_history_gets_what_the_basket_says_or_what_is_popular(shop: Shop, customer: str) -> None:
    nothing = recommend(shop, customer)
    basket = recommend(shop, customer, context_item_ids=["item-0"])
    viewed = event_pb2.Event(event_time=stamp(), type=event_pb2.Event.VIEW, item_id="item-0")
    session = recommend(shop, customer, session_events=[viewed])
    strange = recommend(shop, customer, context_item_ids=["never heard of"])

    assert [each.basis for each in (nothing, basket, session, strange)] == [
        ANSWER.POPULAR, ANSWER.SESSION, ANSWER.SESSION, ANSWER.POPULAR,
    ]  # fmt: skip
    assert {each.reason_code for each in nothing.recommendations} == {WHY.POPULAR}
    assert {each.source_item_id for each in basket.recommendations} >= {"item-0"}
    assert "item-0" not in {each.item_id for each in basket.recommendations}
    assert nothing.attribution_token


def test_of_whom_something_is_recorded_the_history_speaks_and_not_before_it_began(shop: Shop) -> None:
    def asked_of(days: float) -> ANSWER.Basis.ValueType:
        past: Timestamp = stamp(days)
        return recommend(shop, as_of_time=past).basis

    assert recommend(shop).basis == ANSWER.HISTORY
    assert [asked_of(-days) for days in (1, 20, 50)] == [ANSWER.HISTORY, ANSWER.HISTORY, ANSWER.POPULAR]


def test_reasons_come_in_the_language_that_is_asked_for(shop: Shop) -> None:
    english, chinese = similar(shop), similar(shop, language_code="zh")

    told = {each.reason_code: each.reason for each in chinese}
    assert told == {WHY.SIMILAR: "与“Red Lamp”相似", WHY.BOUGHT_AFTER: "购买“Red Lamp”后常买"}
    assert {each.reason for each in english} == {"similar to Red Lamp", "often bought after Red Lamp"}
    assert {each.reason for each in recommend(shop, "", language_code="zh").recommendations} == {"近期热销"}
