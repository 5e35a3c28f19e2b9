"""One code is blocked: nobody reserves or redeems it, not even the order that holds it, until it may be used again."""

from collections.abc import Callable

import pytest
from made.campaigns import NOW, audit_lines, issued_codes, make_cause

from campaigns.coupons import blocking, offering, redemption, reservation
from campaigns.coupons.entitlement import Hindrance
from campaigns.coupons.refusals import CouponNotFound
from campaigns.terms.basket import Basket
from campaigns.terms.coupon import CouponState
from campaigns.terms.refusals import CouponAlreadyRedeemed, CouponBlocked
from database.coupons import exposure
from database.session import Database

BASKET = Basket(order_minor=2000, currency="GBP", order_id="o1")
UNKNOWN = "0000-0000-00000"


def test_a_blocked_code_is_refused_everywhere_until_it_is_let_be_used_again(database: Database) -> None:
    codes = issued_codes(database, ["anna", "ben"])
    code = codes["anna"]
    with database.writing() as transaction:
        reservation.reserve(transaction, make_cause(), code, BASKET)
        blocked = blocking.block(transaction, make_cause(), code.lower())
        assert blocking.block(transaction, make_cause(), code) == blocked

    attempts: list[Callable[[], object]] = [
        lambda: redemption.validate(transaction, code, BASKET, NOW),
        lambda: reservation.reserve(transaction, make_cause(), code, BASKET),
        lambda: redemption.redeem(transaction, make_cause(), code, BASKET),
    ]
    for attempt in attempts:
        with pytest.raises(CouponBlocked, match="blocked"), database.writing() as transaction:
            attempt()
    assert blocked.state is CouponState.BLOCKED
    with database.reading() as snapshot:
        assert [each.reason for each in offering.offers_for(snapshot, "anna", NOW, full=True).withheld] == [
            Hindrance.BLOCKED
        ]
        assert sum(each.coupons for each in exposure.outstanding(snapshot, blocked.campaign_id, NOW)) == 1, (
            "ben's alone"
        )

    with database.writing() as transaction:
        assert blocking.unblock(transaction, make_cause(), code).state is CouponState.ISSUED
        blocking.unblock(transaction, make_cause(), code)
        redemption.redeem(transaction, make_cause(), code, BASKET)
    moved = [line for line in audit_lines(database) if "block" in line[0]]
    assert moved == [("coupons.block", "campaigns/spring", "OK"), ("coupons.unblock", "campaigns/spring", "OK")]


def test_what_is_used_or_unknown_is_not_blocked(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    with database.writing() as transaction:
        redemption.redeem(transaction, make_cause(), code, BASKET)

    with pytest.raises(CouponAlreadyRedeemed, match="refund"), database.writing() as transaction:
        blocking.block(transaction, make_cause(), code)
    with pytest.raises(CouponNotFound), database.writing() as transaction:
        blocking.block(transaction, make_cause(), UNKNOWN)
