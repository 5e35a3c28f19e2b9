"""Whoever stands at a till waits for no export, and the tills for few of each other."""

import threading
from pathlib import Path

from google.longrunning import operations_pb2
from made.campaigns import NOW
from running.serving import serving
from tierwise.v1 import coupon_service_pb2, offer_service_pb2

from database.session import Database
from database.work import operations
from server.front.threads import AS_LONG_AS_THEY_LIKE, TILL, TILL_THREADS, Threads

WAIT = 30
SERVICE = "/tierwise.v1.CouponService"


def test_what_waits_at_a_till_is_a_method_each() -> None:
    services = (coupon_service_pb2.DESCRIPTOR, offer_service_pb2.DESCRIPTOR)
    methods = {each.name for file in services for service in file.services_by_name.values() for each in service.methods}
    assert methods | {"WaitOperation"} >= TILL | AS_LONG_AS_THEY_LIKE


def test_methods_of_the_till_have_a_few_threads_which_nothing_else_takes() -> None:
    threads = Threads(1)
    till, others = threads.of(f"{SERVICE}/RedeemCoupon"), threads.of(f"{SERVICE}/ExportCoupons")
    free = threading.Event()
    exporting = others.submit(free.wait, WAIT)
    redeeming = [till.submit(free.wait, WAIT) for _ in range(TILL_THREADS - 1)]

    assert till.submit(int).result(WAIT) == 0
    assert not exporting.done()
    free.set()
    assert [each.result(WAIT) for each in (exporting, *redeeming)] == [True] * TILL_THREADS


def test_who_waits_for_work_to_end_keeps_nobody_else_waiting(database: Database, tmp_path: Path) -> None:
    with database.writing() as transaction:
        operations.begin(transaction, "long", operations.VERIFY_AUDIT, {"from_seq": 1}, total_count=None, now=NOW)
    wait = operations_pb2.WaitOperationRequest(name="operations/long")

    with serving(database, tmp_path, model=False, callers=4) as shop:
        waiting = [shop.operations.WaitOperation.future(wait, timeout=WAIT) for _ in range(8)]
        listed = shop.operations.ListOperations(operations_pb2.ListOperationsRequest(), timeout=WAIT / 3)
        over = [each.done() for each in waiting]
        for each in waiting:
            each.cancel()

    assert ([each.name for each in listed.operations], over) == (["operations/long"], [False] * 8)
