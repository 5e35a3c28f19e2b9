"""Who is erased is found nowhere: every column of every table is walked."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from made.audit_log import sealed, verified
from made.campaigns import (
    NOW,
    add_customers,
    audit_lines,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    finish_launch,
    issue_chunk,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    store_scores,
    used_of,
)
from running.lock_waits import somebody_waits
from running.worker_processes import wait_for
from sqlalchemy import text
from traces_of_a_customer import WHO, found, plant

from campaigns import trail
from campaigns.audit.chain import Verdict
from campaigns.coupons import issuance, redemption, reservation
from campaigns.customers import erasure, profiles
from campaigns.customers.refusals import CustomerErased, CustomerNotErased, CustomerNotFound
from campaigns.life import amending, campaigns
from campaigns.life.approval import ApprovalPolicy
from campaigns.terms.basket import Basket
from campaigns.terms.refusals import CouponExpired
from campaigns.work.refusals import OperationRunning
from database.audit.log import Wanted
from database.coupons import chunks, codes, exposure
from database.session import Database
from database.work import operations
from database.work.operations import Operation
from events.event import Customer, Event, EventType

ASKED = NOW + timedelta(hours=1)


@pytest.fixture
def shop(database: Database, database_url: str) -> Database:
    """A customer who has done everything, and another."""
    store_scores(database, {WHO: 9000, "ben": 9000})
    launch_campaign(database, make_plan())
    with database.writing() as transaction:
        profiles.record(transaction, [view(WHO, "e-1"), view("ben", "e-2")])
        profiles.update(
            transaction, make_cause(reason=f"{WHO} called"), WHO, lambda customer: replace(customer, country="FR")
        )
    plant(database_url)
    return database


@pytest.mark.parametrize("reservations", [0, 1])
def test_an_order_that_was_paid_meanwhile_is_hidden_too(shop: Database, database_url: str, reservations: int) -> None:
    unused(database_url)
    code = codes_of(shop)[WHO]
    order = Basket(order_id=f"order-of-{WHO}", order_minor=5000, currency="GBP")
    for _ in range(reservations):
        with shop.writing() as transaction:
            reservation.reserve(transaction, make_cause(), code, order)
    with ThreadPoolExecutor(1) as pool:
        with shop.writing() as transaction:
            codes.locked(transaction, code)
            begun = pool.submit(begin, shop)
            wait_for(lambda: somebody_waits(shop))
            redemption.redeem(transaction, make_cause(), code, order)
        finish(shop, begun.result())

    assert counts(shop, "redemptions") == (1,)
    assert found(database_url) <= {"requests.response"}


def test_nobody_uses_the_code_of_who_was_erased(shop: Database, database_url: str) -> None:
    """Also whoever asked before it, and had to wait, and where the campaign ends later than it was to."""
    unused(database_url)
    code, before, end = codes_of(shop)[WHO], used_of(shop), make_plan().end_time
    assert exposed(shop) == 2

    erase(shop)

    with shop.writing() as transaction:
        amending.update(
            transaction, make_cause(), "spring", lambda plan: replace(plan, end_time=end + timedelta(days=2)),
            ApprovalPolicy(approvals=0),
        )  # fmt: skip
    for number, asked in enumerate((ASKED - timedelta(seconds=1), end - timedelta(days=1), end + timedelta(days=1))):
        order = Basket(order_id=f"order-{number}", order_minor=5000, currency="GBP")
        for use in (reservation.reserve, redemption.redeem):
            with pytest.raises(CouponExpired), shop.writing() as transaction:
                use(transaction, make_cause(asked), code, order)
    assert (counts(shop, "redemptions", "ledger"), used_of(shop), exposed(shop)) == ((0, 0), before, 1)


def unused(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM redemptions; DELETE FROM reservations")


def exposed(database: Database) -> int:
    """Coupons that may still cost something."""
    with database.reading() as snapshot:
        return sum(each.coupons for each in exposure.outstanding(snapshot, "spring", NOW))


def view(customer_id: str, event_id: str) -> Event:
    return Event(event_id=event_id, customer_id=customer_id, time=NOW, event_type=EventType.VIEW, item_id="mug")


def erase(database: Database) -> Operation:
    """Both passes."""
    return finish(database, begin(database))


def begin(database: Database) -> Operation:
    with database.writing() as transaction:
        return erasure.begin(transaction, make_cause(ASKED, reason=f"{WHO} wrote"), WHO)


def finish(database: Database, operation: Operation) -> Operation:
    while not (current := read_operation(database, operation.operation_id)).done:
        with database.writing() as transaction:
            assert erasure.step(transaction, current, make_cause())
    return current


def test_nothing_names_who_was_erased_and_the_others_stand(shop: Database, database_url: str) -> None:
    before = found(database_url)
    assert before >= {
        "customers.customer_id", "events.customer_id", "scores.customer_id", "customer_facts.customer_id",
        "tier_changes.customer_id", "segment_members.customer_id", "audiences.customer_id", "coupons.customer_id",
        "redemptions.customer_id", "redemptions.order_id", "reservations.order_id", "rejected_rows.content",
        "requests.response", "operations.request", "operations.response", "operations.cursor", "operations.error",
        "operations.why", "outbox.arguments", "audit_subjects.customer_id",
    }  # fmt: skip
    books = counts(shop, "audiences", "coupons", "redemptions", "reservations")
    sums = [sums_of(shop)]
    sealed(shop)

    done = erase(shop)

    assert (done.state, done.request["customer_id"][:7]) == ("SUCCEEDED", "erased-")
    # The answer about customers/anna-47112 stands: that is somebody else.
    assert found(database_url) == {"requests.response"}
    assert counts(shop, "requests") == (1,)
    assert counts(shop, "audiences", "coupons", "redemptions", "reservations") == books
    assert [*sums, sums_of(shop)] == [sums[0], sums[0]]
    assert counts(shop, "customers", "events", "scores") == (1, 1, 1)
    assert "ben" in codes_of(shop)
    sealed(shop)
    assert verified(shop).verdict is Verdict.INTACT
    assert [(action, outcome) for action, _, outcome in audit_lines(shop)[-2:]] == [
        ("customers.erase", "OK"), ("customers.erase.finish", "OK"),
    ]  # fmt: skip


def sums_of(database: Database) -> tuple[object, ...]:
    with database.reading() as snapshot:
        row = snapshot.connection().exec_driver_sql(
            "SELECT (SELECT sum(order_minor) FROM redemptions), (SELECT sum(discount_minor) FROM redemptions),"
            " (SELECT sum(spend_minor) FROM audiences), (SELECT count(*) FROM ledger)"
        )
        return tuple(row.one())


def test_who_is_erased_is_gone_before_the_operation_runs(shop: Database) -> None:
    with shop.writing() as transaction:
        erasure.begin(transaction, make_cause(), WHO)

    assert counts(shop, "customers", "events", "scores") == (1, 1, 1)
    with shop.reading() as snapshot, pytest.raises(CustomerNotFound):
        profiles.get(snapshot, WHO)


def test_events_that_come_later_are_refused_until_someone_readmits(shop: Database) -> None:
    erase(shop)

    with pytest.raises(CustomerErased, match="asked to be forgotten") as refused, shop.writing() as transaction:
        profiles.record(transaction, [view("ben", "e-3"), view(WHO, "e-4")])
    assert refused.value.metadata == {"customers": f"customers/{WHO}"}
    assert counts(shop, "customers", "events") == (1, 1)

    with shop.writing() as transaction:
        erasure.readmit(transaction, make_cause(reason=f"customers/{WHO}, that is {WHO}, came back"), WHO)
        assert profiles.record(transaction, [view(WHO, "e-4")]) == 1
    with pytest.raises(CustomerNotErased), shop.writing() as transaction:
        erasure.readmit(transaction, make_cause(), "ben")
    assert counts(shop, "customers", "events", "scores") == (2, 2, 1)
    with shop.reading() as snapshot:
        said = trail.page(snapshot, Wanted(action="customers.readmit"), limit=1)
    assert [line.reason for line in said] == ["customers, that is customers, came back"]


def test_nobody_is_readmitted_before_the_erasure_is_over(shop: Database) -> None:
    """Its second pass would take what the newcomer did."""
    with shop.writing() as transaction:
        operation = erasure.begin(transaction, make_cause(), WHO)

    with pytest.raises(OperationRunning, match=f"{operation.name} still erases"), shop.writing() as transaction:
        erasure.readmit(transaction, make_cause(), WHO)

    finish(shop, operation)
    with shop.writing() as transaction:
        erasure.readmit(transaction, make_cause(), WHO)


def test_who_is_erased_once_more_meanwhile_is_not_readmitted(shop: Database, database_url: str) -> None:
    erase(shop)
    with psycopg.connect(database_url) as late, ThreadPoolExecutor(1) as others:
        late.execute("INSERT INTO customers (customer_id) VALUES (%s)", (WHO,))
        late.commit()

        def readmitted() -> None:
            with shop.writing() as transaction:
                erasure.readmit(transaction, make_cause(), WHO)

        with shop.writing() as transaction:
            erasure.begin(transaction, make_cause(), WHO)
            readmitting = others.submit(readmitted)
            with contextlib.suppress(TimeoutError):
                readmitting.result(timeout=0.3)
    with pytest.raises(OperationRunning):
        readmitting.result(timeout=20)


def test_the_operation_waits_for_what_was_under_way(shop: Database, database_url: str) -> None:
    with shop.writing() as transaction:
        operations.begin(transaction, "bulk", operations.BUILD_SEGMENT, {}, total_count=None, now=NOW)
    with psycopg.connect(database_url) as slow:
        # This transaction began to write before the erasure, and does not know of it.
        slow.execute(
            "INSERT INTO events (event_id, customer_id, time, event_type) VALUES ('late', %s, now(), 1)", (WHO,)
        )
        with shop.writing() as transaction:
            operation = erasure.begin(transaction, make_cause(NOW + timedelta(seconds=1)), WHO)
        assert step(shop, operation)
        assert not step(shop, operation)
        slow.commit()
    assert not step(shop, operation)
    with shop.writing() as transaction:
        operations.finish(transaction, "bulk", {}, NOW)
    assert counts(shop, "events") == (2,)

    assert step(shop, operation)

    assert counts(shop, "events") == (1,)
    assert read_operation(shop, operation.operation_id).state == "SUCCEEDED"


def step(database: Database, operation: Operation) -> bool:
    with database.writing() as transaction:
        return erasure.step(transaction, read_operation(database, operation.operation_id), make_cause())


def test_a_launch_that_stands_still_is_not_waited_for_and_goes_on(database: Database, database_url: str) -> None:
    everyone = ["abel", WHO, "zoe"]
    store_scores(database, dict.fromkeys(everyone, 9000))
    create_campaign(database)
    begun = begin_launch(database)
    for _ in ("freeze", "abel", WHO):
        issue_chunk(database, read_operation(database, begun.operation_id), limit=1)
    with database.writing() as transaction:
        campaigns.pause(transaction, make_cause(), "spring")
    assert read_operation(database, begun.operation_id).cursor == WHO

    erase(database)

    assert found(database_url) == set()
    assert read_operation(database, begun.operation_id).cursor == "abel"
    with database.writing() as transaction:
        campaigns.resume(transaction, make_cause(), "spring")
    assert finish_launch(database, read_operation(database, begun.operation_id)).state == "SUCCEEDED"
    assert counts(database, "coupons", "audiences") == (3, 3)


def test_a_launch_gives_nothing_to_who_was_erased_before_it_came_to_them(database: Database) -> None:
    everyone = ["abel", WHO, "zoe"]
    add_customers(database, everyone)
    store_scores(database, dict.fromkeys(everyone, 9000))
    create_campaign(database)
    begun = begin_launch(database)
    for _ in ("freeze", "abel"):
        issue_chunk(database, read_operation(database, begun.operation_id), limit=1)

    erase(database)

    done = finish_launch(database, read_operation(database, begun.operation_id))
    assert (done.state, set(codes_of(database))) == ("SUCCEEDED", {"abel", "zoe"})
    assert counts(database, "audiences") == (2,)


def test_a_chunk_of_a_launch_that_is_under_way_is_waited_for(database: Database) -> None:
    """It has read of the customer: a coupon that came after them would have no place in the audience."""
    everyone = ["abel", WHO, "zoe"]
    store_scores(database, dict.fromkeys(everyone, 9000))
    create_campaign(database)
    begun = begin_launch(database)
    issue_chunk(database, begun)
    frozen = read_operation(database, begun.operation_id)
    with ThreadPoolExecutor(1) as others, database.writing() as transaction:
        chunk = chunks.following(transaction, "spring", after="", limit=3)
        assert chunk is not None
        assert issuance.issue(transaction, frozen, chunk, NOW)
        erasing = others.submit(begin, database)
        wait_for(lambda: erasing.done() or somebody_waits(database))

    finish(database, erasing.result())

    assert finish_launch(database, read_operation(database, begun.operation_id)).state == "SUCCEEDED"
    (erased,) = codes_of(database).keys() - set(everyone)
    with database.reading() as snapshot:
        members = snapshot.scalars(text("SELECT customer_id FROM audiences")).all()
    assert sorted(members) == sorted(codes_of(database)) == ["abel", erased, "zoe"]


def test_erasing_again_does_no_harm_and_takes_what_is_left(shop: Database, database_url: str) -> None:
    with shop.writing() as transaction:
        failed = erasure.begin(transaction, make_cause(), WHO)
        operations.fail(transaction, failed.operation_id, "the disk is full", NOW)

    done = erase(shop)

    assert done.state == "SUCCEEDED"
    assert found(database_url) == {"requests.response"}
    assert counts(shop, "erased_customers") == (1,)


def test_who_was_never_known_cannot_be_erased(shop: Database) -> None:
    with pytest.raises(CustomerNotFound), shop.writing() as transaction:
        erasure.begin(transaction, make_cause(), "nobody")

    assert counts(shop, "erased_customers") == (0,)


def test_a_customer_of_the_same_beginning_is_somebody_else(shop: Database) -> None:
    other = Customer(customer_id=f"{WHO}2")
    add_customers(shop, [other.customer_id])
    with shop.writing() as transaction:
        profiles.record(transaction, [view(other.customer_id, "e-9")])

    erase(shop)

    with shop.reading() as snapshot:
        assert profiles.get(snapshot, other.customer_id).customer == other
    assert counts(shop, "events") == (2,)
