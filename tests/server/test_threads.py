"""Whoever stands at a till waits for no export, and the tills for few of each other."""

import threading

from tierwise.v1 import coupon_service_pb2, offer_service_pb2

from server.front.threads import TILL, TILL_THREADS, Threads

WAIT = 30
SERVICE = "/tierwise.v1.CouponService"


def test_what_waits_at_a_till_is_a_method_each() -> None:
    services = (coupon_service_pb2.DESCRIPTOR, offer_service_pb2.DESCRIPTOR)
    methods = {each.name for file in services for service in file.services_by_name.values() for each in service.methods}
    assert methods >= TILL


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
