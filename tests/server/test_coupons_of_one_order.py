"""Coupons of several campaigns on one order, over the wire and on the command line."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from made.campaigns import audit_lines, codes_of, counts, launch_campaign, make_plan, store_scores
from running.serving import Shop, pounds, refusal, serving
from running.shell import Shell
from tierwise.v1 import coupon_service_pb2

from campaigns.terms.restraint import Stacking
from database.session import Database

SALE = Stacking(group="sale")


@pytest.fixture
def stocked(database: Database) -> Database:
    """Anna has codes of two campaigns of one group and of a third that goes alone, each ten percent."""
    store_scores(database, {"anna": 9000})
    now = datetime.now(UTC)
    for campaign_id, stacking in (("first", SALE), ("second", SALE), ("lonely", Stacking(alone=True))):
        plan = make_plan(
            start_time=now - timedelta(days=1), end_time=now + timedelta(days=30), stacking=stacking,
        )  # fmt: skip
        launch_campaign(database, plan, campaign_id)
    return database


@pytest.fixture
def shop(stocked: Database, tmp_path: Path) -> Iterator[Shop]:
    with serving(stocked, tmp_path, model=False) as running:
        yield running


def test_of_two_callers_at_once_one_gets_the_order_and_the_other_the_name_of_the_campaign(shop: Shop) -> None:
    names = ("first", "second")
    codes = [codes_of(shop.database, name)["anna"] for name in names]

    def attempt(code: str) -> grpc.RpcError | None:
        request = coupon_service_pb2.RedeemCouponRequest(code=code, order_id="o-1", order_amount=pounds(50))
        try:
            shop.coupons.RedeemCoupon(request)
        except grpc.RpcError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        errors = list(pool.map(attempt, codes))

    (lost,) = [place for place, error in enumerate(errors) if error is not None]
    error = errors[lost]
    assert error is not None
    told = refusal(error)
    assert (told.code, told.reason) == ("FAILED_PRECONDITION", "COUPON_NOT_COMBINABLE")
    assert told.facts == {
        "campaign": f"campaigns/{names[lost]}", "conflict": "GROUP", "other_campaign": f"campaigns/{names[1 - lost]}",
    }  # fmt: skip
    assert counts(shop.database, "redemptions") == (1,)
    assert audit_lines(shop.database)[-1][2] == "DENIED"


def test_what_goes_alone_is_refused_before_it_is_paid_beside_what_is_held(shop: Shop) -> None:
    first, lonely = (codes_of(shop.database, name)["anna"] for name in ("first", "lonely"))
    shop.coupons.ReserveCoupon(
        coupon_service_pb2.ReserveCouponRequest(code=first, order_id="o-1", order_amount=pounds(50))
    )
    asked = coupon_service_pb2.ValidateCouponRequest(code=lonely, order_id="o-1", order_amount=pounds(50))

    with pytest.raises(grpc.RpcError) as raised:
        shop.coupons.ValidateCoupon(asked)

    assert refusal(raised.value).facts["other_campaign"] == "campaigns/first"
    assert refusal(raised.value).message == (
        "a coupon of campaigns/first is used on this order or held for it, and campaigns/lonely goes with no other"
    )
    asked.order_id = "o-2"
    assert shop.coupons.ValidateCoupon(asked).discount_amount == pounds(5)


def test_operators_are_told_which_campaign_keeps_a_code_out(stocked: Database, database_url: str) -> None:
    tierwise = Shell(database_url)
    first, second = (codes_of(stocked, name)["anna"] for name in ("first", "second"))
    order = ("--order", "o-1", "--amount", "50.00", "--currency", "GBP")
    tierwise("coupon", "redeem", first, *order)

    for verb in ("validate", "reserve", "redeem"):
        assert tierwise.refusal("coupon", verb, second, *order) == (
            "error: COUPON_NOT_COMBINABLE: a coupon of campaigns/first is used on this order or held for it, and one "
            "of the group sale applies to an order"
        )
