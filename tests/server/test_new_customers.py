"""A customer may become known by what a service says of them, before any event."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import polars as pl
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from made.campaigns import add_customers, counts, make_cause
from running.lock_waits import somebody_waits
from running.serving import Shop, new_id, purchase, recording, refusal
from running.worker_processes import wait_for
from tierwise.v1 import customer_pb2, customer_service_pb2

from campaigns.customers import erasure
from database.audit import log
from database.customers.loading import copy_customers
from database.session import Transaction
from events.event import CUSTOMER_SCHEMA

ANNA = customer_pb2.Customer(name="customers/anna", country="fr", consented_channels=["EMAIL"])


def tell(shop: Shop, customer: customer_pb2.Customer = ANNA, *paths: str, **fields: object) -> customer_pb2.Customer:
    asked = {"allow_missing": True, **fields}
    request = customer_service_pb2.UpdateCustomerRequest(customer=customer, update_mask=FieldMask(paths=paths), **asked)  # type: ignore[arg-type] # the names are those of the message
    return shop.customers.UpdateCustomer(request)


def get(shop: Shop, customer: str = "anna") -> customer_pb2.Customer:
    return shop.customers.GetCustomer(customer_service_pb2.GetCustomerRequest(name=f"customers/{customer}"))


def refused(shop: Shop, customer: customer_pb2.Customer = ANNA, **fields: object) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as raised:
        tell(shop, customer, **fields)
    told = refusal(raised.value)
    return told.code, told.reason


def test_a_sign_up_form_makes_a_customer_known_with_everything_it_says(shop: Shop) -> None:
    made = tell(shop, ANNA, "country")

    assert (made.country, list(made.consented_channels), made.etag) == ("FR", ["EMAIL"], "1")
    assert made.create_time == made.update_time
    assert get(shop) == made
    assert shop.customers.BatchCreateEvents(recording("anna", [purchase(-1)])).created_count == 1
    assert get(shop) == made


def test_who_is_known_is_changed_as_the_mask_says(shop: Shop) -> None:
    add_customers(shop.database, ["anna"], consented=["SMS"])

    changed = tell(shop, ANNA, "country")

    assert (changed.country, list(changed.consented_channels), changed.etag) == ("FR", ["SMS"], "2")


def test_a_repetition_gets_the_first_answer_and_each_customer_begins_once(shop: Shop) -> None:
    once = new_id()

    first, again = (tell(shop, request_id=once) for _ in range(2))

    assert first == again
    with shop.database.reading() as snapshot:
        (line,) = log.page(snapshot, limit=9)
    assert (line.action, line.outcome) == ("customers.update", "OK")
    assert line.after == {"fields": ["consented_channels", "country"], "created": True}


def test_nobody_becomes_known_by_a_mistake(shop: Shop) -> None:
    assert refused(shop, allow_missing=False) == ("NOT_FOUND", "CUSTOMER_NOT_FOUND")
    read_before = customer_pb2.Customer(name="customers/anna", country="FR", etag="4")
    assert refused(shop, read_before) == ("NOT_FOUND", "CUSTOMER_NOT_FOUND")
    everyone = customer_pb2.Customer(name="customers/-", country="FR")
    assert refused(shop, everyone) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert tell(shop, validate_only=True).country == "FR"
    assert counts(shop.database, "customers") == (0,)


def test_who_was_erased_stays_erased_until_readmitted(shop: Shop) -> None:
    tell(shop)
    shop.customers.DeleteCustomer(customer_service_pb2.DeleteCustomerRequest(name="customers/anna"))

    assert refused(shop) == ("FAILED_PRECONDITION", "CUSTOMER_ERASED")
    assert counts(shop.database, "customers") == (0,)


@contextmanager
def at_the_same_time(shop: Shop) -> Iterator[tuple[Transaction, list[customer_pb2.Customer | str]]]:
    """A transaction that the call comes into, and waits for; and what the call is told after it."""
    told: list[customer_pb2.Customer | str] = []

    def call() -> None:
        try:
            told.append(tell(shop, ANNA, "country"))
        except grpc.RpcError as error:
            told.append(refusal(error).reason)

    with ThreadPoolExecutor(1) as caller, shop.database.writing() as transaction:
        yield transaction, told
        waiter = caller.submit(call)
        wait_for(lambda: waiter.done() or somebody_waits(shop.database))
        assert not waiter.done(), "it did not wait"


def test_of_an_import_and_a_form_at_the_same_time_each_has_its_say(shop: Shop) -> None:
    row = dict.fromkeys(CUSTOMER_SCHEMA) | {"customer_id": "anna", "consented_channels": ["SMS"]}
    with at_the_same_time(shop) as (transaction, told):
        copy_customers(transaction, pl.DataFrame([row], schema=CUSTOMER_SCHEMA))

    assert told == [get(shop)]
    assert (get(shop).country, list(get(shop).consented_channels), get(shop).etag) == ("FR", ["SMS"], "2")


def test_a_form_that_comes_into_an_erasure_brings_nobody_back(shop: Shop) -> None:
    add_customers(shop.database, ["anna"])
    with at_the_same_time(shop) as (transaction, told):
        erasure.begin(transaction, make_cause(), "anna")

    assert told == ["CUSTOMER_ERASED"]
    assert counts(shop.database, "customers") == (0,)
