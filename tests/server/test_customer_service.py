"""Customers are kept, changed by mask and forgotten; events are recorded once."""

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from made.campaigns import add_customers, audit_lines, codes_of, counts, launch_campaign, make_plan, store_scores
from running.serving import Shop, new_id, pounds, purchase, recording, refusal, stamp
from tierwise.v1 import coupon_service_pb2, customer_pb2, customer_service_pb2, event_pb2

from server.wire.stamps import moment


def get(shop: Shop, customer: str) -> customer_pb2.Customer:
    return shop.customers.GetCustomer(customer_service_pb2.GetCustomerRequest(name=f"customers/{customer}"))


def update(shop: Shop, customer: customer_pb2.Customer, *paths: str) -> customer_pb2.Customer:
    request = customer_service_pb2.UpdateCustomerRequest(customer=customer, update_mask=FieldMask(paths=paths))
    return shop.customers.UpdateCustomer(request)


def test_only_the_named_fields_change(shop: Shop) -> None:
    add_customers(shop.database, ["anna"], consented=["EMAIL"])
    before = get(shop, "anna")

    after = update(
        shop, customer_pb2.Customer(name="customers/anna", country="France", time_zone="Europe/Paris"), "time_zone"
    )

    assert (after.time_zone, after.country, list(after.consented_channels)) == ("Europe/Paris", "", ["EMAIL"])
    assert after.etag != before.etag
    assert get(shop, "anna") == after
    assert update(shop, customer_pb2.Customer(name="customers/anna", country="fr"), "country").country == "FR"


def test_a_change_that_changes_nothing_leaves_the_etag(shop: Shop) -> None:
    add_customers(shop.database, ["anna"], consented=["EMAIL"])
    before = get(shop, "anna")

    assert update(shop, customer_pb2.Customer(name="customers/anna", consented_channels=["EMAIL"])) == before
    assert update(shop, customer_pb2.Customer(name="customers/anna"), "create_time") == before


def test_star_empties_what_is_empty(shop: Shop) -> None:
    add_customers(shop.database, ["anna"], consented=["EMAIL"])

    assert list(update(shop, customer_pb2.Customer(name="customers/anna"), "*").consented_channels) == []


def test_a_zone_that_does_not_exist_is_refused_and_changes_nothing(shop: Shop) -> None:
    add_customers(shop.database, ["anna"])
    before = get(shop, "anna")

    with pytest.raises(grpc.RpcError) as raised:
        update(shop, customer_pb2.Customer(name="customers/anna", time_zone="Europe/Atlantis"))

    assert refusal(raised.value).fields == ["customer.time_zone"]
    assert get(shop, "anna") == before


def test_events_come_back_as_they_were_sent_newest_first(shop: Shop) -> None:
    review = event_pb2.Event(
        event_time=stamp(-1), type=event_pb2.Event.REVIEW, item_id="mug", rating=5, text="Très bien 🙂",
        channel="web", attribution_token="t0ken",
    )  # fmt: skip
    view = event_pb2.Event(event_time=stamp(-2), type=event_pb2.Event.VIEW, item_id="mug")
    view.dwell_duration.FromMilliseconds(1500)
    sent = [purchase(-3), review, view]

    answer = shop.customers.BatchCreateEvents(recording("anna", sent, ids=["p", "r", "v"]))
    listed = shop.customers.ListEvents(customer_service_pb2.ListEventsRequest(parent="customers/anna")).events

    for event, name in zip(sent, ("p", "r", "v"), strict=True):
        event.name = f"customers/anna/events/{name}"
    assert list(answer.events) == sent
    assert list(listed) == [review, view, sent[0]]
    assert answer.created_count == 3


def test_the_same_event_twice_is_recorded_once(shop: Shop) -> None:
    request = recording("anna", [purchase(-3), purchase(-2)], ids=["a", "b"])
    shop.customers.BatchCreateEvents(request)

    assert shop.customers.BatchCreateEvents(request).created_count == 0
    assert counts(shop.database, "events", "customers") == (2, 1)


def test_an_event_id_with_other_content_refuses_the_whole_batch(shop: Shop) -> None:
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-3)], ids=["a"]))

    with pytest.raises(grpc.RpcError) as raised:
        shop.customers.BatchCreateEvents(recording("anna", [purchase(-1), purchase(-2)], ids=["new", "a"]))

    refused = refusal(raised.value)
    assert (refused.code, refused.reason, refused.facts) == ("ALREADY_EXISTS", "EVENT_ID_REUSED", {"event_ids": "a"})
    assert counts(shop.database, "events") == (1,)


def test_a_refusal_of_many_things_names_as_many_as_a_caller_takes_in(shop: Shop) -> None:
    """A longer one would come as RESOURCE_EXHAUSTED, of gRPC itself and without a reason."""
    ids = [f"a-key-of-the-shops-own-{number}" for number in range(500)]
    wrong = recording("dora", [purchase(-1) for _ in ids], ids=ids)
    for each in wrong.requests:
        each.event.quantity = -1
    right = recording("dora", [purchase(-1) for _ in ids], ids=ids)
    shop.customers.BatchCreateEvents(right)
    other = recording("dora", [purchase(-2) for _ in ids], ids=ids)
    price = coupon_service_pb2.ValidateCouponRequest(code="C8ZDQ5X2658PV", order_amount=pounds(1))
    price.order_amount.currency_code = "é" * 300_000

    refused = []
    for call in (lambda: shop.customers.BatchCreateEvents(wrong), lambda: shop.customers.BatchCreateEvents(other),
                 lambda: shop.coupons.ValidateCoupon(price)):  # fmt: skip
        with pytest.raises(grpc.RpcError) as raised:
            call()
        refused.append(refusal(raised.value))

    malformed, reused, strange = refused
    assert (malformed.code, malformed.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert malformed.fields[:2] == ["requests[0].event.quantity", "requests[1].event.quantity"]
    assert len(malformed.fields) < int(malformed.facts["violations"]) == 500
    assert (reused.code, reused.reason) == ("ALREADY_EXISTS", "EVENT_ID_REUSED")
    *named, more = reused.facts["event_ids"].split(",")
    assert more == "…"
    assert named == sorted(ids)[: len(named)]
    assert (strange.code, strange.fields) == ("INVALID_ARGUMENT", ["order_amount.currency_code"])


def test_a_batch_for_anyone_may_name_several_customers(shop: Shop) -> None:
    request = recording("anna", [purchase(-3), purchase(-2)])
    request.parent, request.requests[1].parent = "customers/-", "customers/ben"

    shop.customers.BatchCreateEvents(request)

    assert counts(shop.database, "customers") == (2,)


@pytest.mark.parametrize(("parent", "child"), [("customers/anna", "customers/ben"), ("customers/-", "customers/-")])
def test_an_event_of_someone_else_is_refused(shop: Shop, parent: str, child: str) -> None:
    request = recording("anna", [purchase(-3)])
    request.parent, request.requests[0].parent = parent, child

    with pytest.raises(grpc.RpcError) as raised:
        shop.customers.BatchCreateEvents(request)

    assert refusal(raised.value).fields == ["requests[0].parent"]
    assert counts(shop.database, "customers", "events") == (0, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "a\0b"}, "text"),
        ({"rating": 6}, "rating"),
        ({"quantity": -1}, "quantity"),
        ({"unit_price": {"currency_code": "GBP", "units": -1}}, "unit_price"),
        ({"unit_price": {"currency_code": "GBP", "nanos": 1}}, "unit_price.nanos"),
        ({"event_time": {"seconds": 253402300800}}, "event_time"),
        ({"event_time": {"seconds": 1_700_000}}, "event_time"),
        ({"quantity": 1e9, "unit_price": {"currency_code": "GBP", "units": 10**12}}, "quantity"),
    ],
    ids=[
        "NUL",
        "six stars",
        "less than none",
        "negative price",
        "fraction of a penny",
        "year 10000",
        "January 1970",
        "no such sum",
    ],
)
def test_a_malformed_event_is_refused_by_its_path(shop: Shop, change: dict[str, object], field: str) -> None:
    event = purchase(-1)
    event.MergeFrom(event_pb2.Event(**change))  # type: ignore[arg-type] # the names are those of the message
    if "unit_price" in change:
        event.unit_price.CopyFrom(event_pb2.Event(**change).unit_price)  # type: ignore[arg-type] # the same

    with pytest.raises(grpc.RpcError) as raised:
        shop.customers.BatchCreateEvents(recording("anna", [event]))

    assert refusal(raised.value).fields == [f"requests[0].event.{field}"]
    assert counts(shop.database, "events") == (0,)


def test_an_erased_customer_is_gone_and_the_books_still_add_up(shop: Shop) -> None:
    store_scores(shop.database, {"anna": 9000, "ben": 9000})
    launch_campaign(shop.database, make_plan(start_time=moment(stamp(-1)), end_time=moment(stamp(9))))
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-3)]))
    shop.coupons.RedeemCoupon(
        coupon_service_pb2.RedeemCouponRequest(
            code=codes_of(shop.database)["anna"], customer="customers/anna", order_id="o-1", order_amount=pounds(50)
        )
    )
    books = counts(shop.database, "coupons", "redemptions", "audiences")

    shop.customers.DeleteCustomer(
        customer_service_pb2.DeleteCustomerRequest(name="customers/anna", request_id=new_id())
    )

    assert counts(shop.database, "coupons", "redemptions", "audiences") == books
    assert counts(shop.database, "customers", "events", "scores") == (1, 0, 1)
    pseudonym = (set(codes_of(shop.database)) - {"ben"}).pop()
    assert pseudonym.startswith("erased-")
    action, spoken_of, outcome = audit_lines(shop.database)[-1]
    assert (action, spoken_of.partition("/")[0], outcome) == ("customers.erase", "subjects", "OK")
    with pytest.raises(grpc.RpcError):
        get(shop, "anna")


def test_a_repeated_request_tells_nothing_of_who_was_erased_meanwhile(shop: Shop) -> None:
    """Also before the operation looks once more: bulk work may keep it waiting for hours."""
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-3)]))
    shop.customers.BatchCreateEvents(recording("ben", [purchase(-3)]))

    def changing(who: str) -> customer_service_pb2.UpdateCustomerRequest:
        customer = customer_pb2.Customer(name=f"customers/{who}", country="FR")
        return customer_service_pb2.UpdateCustomerRequest(customer=customer, request_id=new_id())

    anna, ben = changing("anna"), changing("ben")
    answers = [shop.customers.UpdateCustomer(each) for each in (anna, ben)]
    gone = customer_service_pb2.DeleteCustomerRequest(name="customers/anna", request_id=new_id())
    shop.customers.DeleteCustomer(gone)

    with pytest.raises(grpc.RpcError) as raised:
        shop.customers.UpdateCustomer(anna)
    assert (refusal(raised.value).code, refusal(raised.value).reason) == ("NOT_FOUND", "CUSTOMER_NOT_FOUND")
    assert shop.customers.UpdateCustomer(ben) == answers[1]
    shop.customers.DeleteCustomer(gone)
    assert counts(shop.database, "erased_customers", "operations") == (1, 1), "erasing was asked for once"
