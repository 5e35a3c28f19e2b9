"""Who guesses codes is slowed down, on every server, and nobody else is."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import grpc
import psycopg
import pytest
from google.rpc import error_details_pb2
from made.campaigns import NOW, codes_of, counts
from running.serving import Shop, pounds, refusal, serving
from running.worker_processes import wait_for
from tierwise.v1 import coupon_service_pb2

from campaigns.callers import guessing
from campaigns.callers.guessing import Allowance
from database.session import Database

SLOW = Allowance(burst=5, per_second=0.001)
UNKNOWN, MISTYPED = "0000-0000-00000", "0000-0000-00001"


@pytest.fixture
def shops(stocked_shop: Shop, tmp_path: Path) -> Iterator[list[Shop]]:
    """Two servers on one database."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving(stocked_shop.database, tmp_path / str(number), model=False, allowance=SLOW))
            for number in range(2)
        ]


def validate(shop: Shop, code: str, caller: str = "checkout") -> str:
    """The reason of the refusal; empty when the code is good."""
    request = coupon_service_pb2.ValidateCouponRequest(code=code, order_amount=pounds(50))
    try:
        shop.coupons.ValidateCoupon(request, timeout=10, metadata=(("tierwise-actor", caller),))
    except grpc.RpcError as error:
        told: str = refusal(error).reason
        return told
    return ""


def test_a_clock_that_went_back_by_an_hour_shuts_out_nobody_who_mistyped_before(database: Database) -> None:
    usual = Allowance(burst=1000, per_second=10)

    def charge(now: datetime, caller: str = "checkout") -> float:
        """How long the caller has to wait, in seconds."""
        with database.writing() as transaction:
            return (guessing.charge(transaction, usual, caller, now) - now).total_seconds()

    assert charge(NOW + timedelta(hours=1)) < 0
    assert charge(NOW) < 0
    assert [charge(NOW, "guesser") for _ in range(1100)][-1] == pytest.approx(10.1)


def test_a_guesser_is_told_to_wait_by_every_server(shops: list[Shop]) -> None:
    first, second = shops
    good = codes_of(first.database, "active")["anna"]
    assert [validate(first, good) for _ in range(10)] == [""] * 10

    assert [validate(first, UNKNOWN), validate(first, MISTYPED), validate(first, UNKNOWN)] == [
        "COUPON_NOT_FOUND", "INVALID_CODE", "COUPON_NOT_FOUND",
    ]  # fmt: skip
    assert validate(first, good) == "", "what is not guessed costs nothing"
    assert [validate(second, UNKNOWN) for _ in range(3)] == ["COUPON_NOT_FOUND"] * 2 + ["TOO_MANY_GUESSES"]
    assert [validate(first, UNKNOWN) for _ in range(2)] == ["COUPON_NOT_FOUND", "TOO_MANY_GUESSES"], (
        "one until it knows"
    )
    assert [validate(shop, good) for shop in shops] == ["TOO_MANY_GUESSES"] * 2
    assert [validate(shop, good, "till") for shop in shops] == ["", ""], "others are not slowed down"


def test_waiting_is_told_in_seconds_and_nothing_is_used_meanwhile(shops: list[Shop]) -> None:
    shop = shops[0]
    good = codes_of(shop.database, "active")["anna"]
    for _ in range(5):
        validate(shop, UNKNOWN, "local")
    redeem = coupon_service_pb2.RedeemCouponRequest(code=good, order_id="o-1", order_amount=pounds(50))
    reserve = coupon_service_pb2.ReserveCouponRequest(code=good, order_id="o-1", order_amount=pounds(50))
    before = counts(shop.database, "redemptions", "audit_log")

    for ask in (lambda: shop.coupons.RedeemCoupon(redeem), lambda: shop.coupons.ReserveCoupon(reserve)):
        with pytest.raises(grpc.RpcError) as raised:
            ask()

        told = refusal(raised.value)
        assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_GUESSES")
        wait = told.details["RetryInfo"]
        assert isinstance(wait, error_details_pb2.RetryInfo)
        assert 990 < wait.retry_delay.seconds <= 1000
    assert counts(shop.database, "redemptions", "audit_log") == before


def test_a_caller_in_a_hurry_pays_too(shops: list[Shop], stocked_url: str) -> None:
    request = coupon_service_pb2.ValidateCouponRequest(code=UNKNOWN, order_amount=pounds(50))
    with psycopg.connect(stocked_url) as slow:
        slow.execute("LOCK TABLE guesses")
        with pytest.raises(grpc.RpcError) as raised:
            shops[0].coupons.ValidateCoupon(request, timeout=1)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    wait_for(lambda: counts(shops[0].database, "guesses") == (1,), seconds=20)
