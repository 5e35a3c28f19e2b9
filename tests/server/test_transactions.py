"""What is asked twice happens once, also when both ask at the same moment."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import grpc
import psycopg
import pytest
from made.campaigns import add_customers, audit_lines, counts
from running.lock_waits import somebody_waits
from running.serving import Shop, new_id, plan, purchase, recording, refusal
from running.worker_processes import wait_for
from sqlalchemy import text
from tierwise.v1 import campaign_service_pb2, customer_pb2, customer_service_pb2

from campaigns.actor import Actor, Role
from campaigns.customers.refusals import CustomerNotFound
from database.session import Database
from scoring.pool.refusals import Expired
from server.answering.call import Call, answering
from server.answering.hangup import Hangup
from server.answering.transactions import reading, record_denial, writing


def test_twins_at_the_same_moment_have_one_effect_and_one_answer(shop: Shop) -> None:
    request = campaign_service_pb2.CreateCampaignRequest(campaign_id="autumn", campaign=plan(), request_id=new_id())
    ready = threading.Barrier(8)

    def create() -> bytes:
        ready.wait()
        return shop.campaigns.CreateCampaign(request, timeout=30).SerializeToString()

    with ThreadPoolExecutor(8) as callers:
        answers = [caller.result() for caller in [callers.submit(create) for _ in range(8)]]

    assert len(set(answers)) == 1
    assert counts(shop.database, "campaigns", "requests") == (1, 1)
    assert [line for line in audit_lines(shop.database) if line[2] == "OK"] == [
        ("campaigns.create", "campaigns/autumn", "OK")
    ]


def test_without_a_request_id_the_second_is_refused(shop: Shop) -> None:
    request = campaign_service_pb2.CreateCampaignRequest(campaign_id="autumn", campaign=plan())
    shop.campaigns.CreateCampaign(request)

    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.CreateCampaign(request)

    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("ALREADY_EXISTS", "CAMPAIGN_EXISTS")
    assert refused.facts == {"campaign": "campaigns/autumn"}


def test_a_refused_request_id_can_be_used_again_once_it_is_right(shop: Shop) -> None:
    request = customer_service_pb2.DeleteCustomerRequest(name="customers/anna", request_id=new_id())
    with pytest.raises(grpc.RpcError):
        shop.customers.DeleteCustomer(request)
    add_customers(shop.database, ["anna"])

    shop.customers.DeleteCustomer(request)

    assert counts(shop.database, "customers", "requests") == (0, 1)


def test_a_write_that_waits_for_a_lock_ends_at_its_deadline(shop: Shop, database_url: str) -> None:
    add_customers(shop.database, ["anna"])
    request = customer_service_pb2.UpdateCustomerRequest(
        customer=customer_pb2.Customer(name="customers/anna", country="France")
    )

    with psycopg.connect(database_url) as blocker:
        blocker.execute("SELECT * FROM customers FOR UPDATE")
        with pytest.raises(grpc.RpcError) as raised:
            shop.customers.UpdateCustomer(request, timeout=0.4)
        # The server's own statement ends too, so that nothing waits for the lock any more.
        wait_for(lambda: not somebody_waits(shop.database))

    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert shop.customers.UpdateCustomer(request, timeout=10).country == "France"


def test_what_waits_for_a_connection_beyond_its_deadline_is_not_begun(database_url: str) -> None:
    with closing(Database.at(database_url, pool_size=1)) as narrow:
        add_customers(narrow, ["anna"])

        begun = list[Call]()

        def rename() -> None:
            with answering(in_a_hurry()), writing(narrow) as transaction:
                transaction.execute(text("UPDATE customers SET country = 'France'"))

        def look() -> None:
            with answering(in_a_hurry()), reading(narrow):
                pass

        def in_a_hurry() -> Call:
            begun.append(one_call(seconds=0.1))
            return begun[-1]

        with ThreadPoolExecutor(2) as callers:
            with narrow.reading() as snapshot:
                snapshot.execute(text("SELECT 1"))
                late = [callers.submit(each) for each in (rename, look)]
                wait_for(lambda: len(begun) == 2)
                threading.Event().wait(0.2)
            for each in late:
                with pytest.raises(Expired, match="every connection to the database was in use"):
                    each.result()
        with narrow.reading() as snapshot:
            assert snapshot.execute(text("SELECT country FROM customers")).scalar_one() is None


def test_what_was_refused_is_on_record_however_short_the_deadline(shop: Shop) -> None:
    refusal = CustomerNotFound("there is no customers/nobody", customer="customers/nobody")

    with answering(one_call(seconds=-1)) as late:
        record_denial(shop.database, late.cause(), "customers/nobody", refusal)

    assert audit_lines(shop.database)[-1] == ("customers.update", "customers", "DENIED")


def one_call(*, seconds: float) -> Call:
    """With so much time left."""
    return Call(
        method="/tierwise.v1.CustomerService/UpdateCustomer", actor=Actor(name="till", role=Role.SERVICE),
        now=datetime.now(UTC), deadline=time.monotonic() + seconds, log_id="1", hangup=Hangup(),
    )  # fmt: skip


def test_a_write_that_loses_a_deadlock_is_run_again(shop: Shop, database_url: str) -> None:
    shop.customers.BatchCreateEvents(recording("anna", [purchase(-1)]))
    erasure = customer_service_pb2.DeleteCustomerRequest(name="customers/anna", request_id=new_id())

    with psycopg.connect(database_url) as rival:
        # The rival takes the two rows in the other order and is more patient, so the server is the one that is ended.
        rival.execute("SET deadlock_timeout = '1min'")
        rival.execute("SELECT * FROM events FOR UPDATE")
        under_way = shop.customers.DeleteCustomer.future(erasure, timeout=30)
        wait_for(lambda: somebody_waits(shop.database))
        rival.execute("SELECT * FROM customers FOR UPDATE")
        assert not under_way.done()
        rival.rollback()

    under_way.result()
    assert counts(shop.database, "customers", "events", "requests") == (0, 0, 1)
