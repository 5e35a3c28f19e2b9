"""What a redemption took off is given back in parts, once for each key, and never beyond the whole."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import NOW, audit_lines, counts, issued_codes, ledger_of, make_cause, used_of

from campaigns.coupons import redemption, refunding, reservation
from campaigns.coupons.refunding import Refund
from campaigns.coupons.refusals import InvalidRefund, RedemptionNotFound, RefundBeyondDiscount
from campaigns.errors import Refusal
from campaigns.life import campaigns
from campaigns.terms.basket import Basket
from campaigns.terms.coupon import Redemption
from campaigns.terms.refusals import CouponAlreadyRedeemed, RedemptionLimitReached
from database.session import Database

BASKET = Basket(order_minor=2000, currency="GBP", order_id="o1")


def redeem(database: Database, code: str, basket: Basket = BASKET) -> Redemption:
    with database.writing() as transaction:
        return redemption.redeem(transaction, make_cause(), code, basket)


def refund(database: Database, used: Redemption, key: str, amount: int | None = None, **how: str) -> Refund:
    with database.writing() as transaction:
        later = make_cause(NOW + timedelta(days=60))
        return refunding.refund(transaction, later, used.redemption_id, refund_id=key, amount_minor=amount, **how)


def test_a_discount_is_refunded_in_parts_after_the_campaign_too(database: Database) -> None:
    used = redeem(database, issued_codes(database, ["anna"])["anna"])
    with database.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")

    parts = [refund(database, used, "r1", 50), refund(database, used, "r2", 30), refund(database, used, "r3")]

    assert [part.refunded_minor for part in parts] == [50, 30, 120]
    assert [part.redemption.refunded_minor for part in parts] == [50, 80, 200]
    assert ledger_of(database)[1:] == [("REFUND", 0, 0, 0, -50), ("REFUND", 0, 0, 0, -30), ("REFUND", 0, 0, 0, -120)]
    assert used_of(database) == (0, 0, 1, 0)
    assert audit_lines(database)[-1] == ("coupons.refund", used.name, "OK")


def test_the_same_key_gives_back_once(database: Database) -> None:
    used = redeem(database, issued_codes(database, ["anna"])["anna"])
    first = refund(database, used, "r1", 50)
    refund(database, used, "r2", 10)
    books = counts(database, "ledger", "audit_log")

    again = refund(database, used, "r1", 50)
    whatever_it_was = refund(database, used, "r1")

    assert (again.refunded_minor, again.redemption.refunded_minor) == (50, 60)
    assert whatever_it_was == again
    assert first.refund_id == again.refund_id
    with pytest.raises(InvalidRefund, match=r"r1 was of 0\.50 GBP"):
        refund(database, used, "r1", 51)
    assert counts(database, "ledger", "audit_log") == books


@pytest.mark.parametrize(
    ("amounts", "refusal"),
    [([201], RefundBeyondDiscount), ([150, 51], RefundBeyondDiscount), ([200, None], RefundBeyondDiscount),
     ([0], InvalidRefund), ([-5], InvalidRefund)],
)  # fmt: skip
def test_nobody_gets_back_more_than_was_taken_off(
    database: Database, amounts: Sequence[int | None], refusal: type[Refusal]
) -> None:
    used = redeem(database, issued_codes(database, ["anna"])["anna"])
    *before, last = amounts
    for number, amount in enumerate(before):
        refund(database, used, f"r{number}", amount)
    books = used_of(database)

    with pytest.raises(refusal):
        refund(database, used, "last", last)

    assert used_of(database) == books


def test_a_refund_is_of_a_redemption_in_its_currency(database: Database) -> None:
    used = redeem(database, issued_codes(database, ["anna"])["anna"])

    with pytest.raises(InvalidRefund, match="GBP"):
        refund(database, used, "r1", 5, currency="EUR")
    with pytest.raises(RedemptionNotFound):
        refund(database, replace(used, redemption_id="nothing"), "r1")


def test_a_code_stays_used_unless_its_campaign_gives_it_back(database: Database) -> None:
    codes = issued_codes(database, ["anna", "bert"], redemption_limit=1)
    used = redeem(database, codes["anna"])

    assert not refund(database, used, "r1").code_given_back

    assert redeem(database, codes["anna"]).refunded_minor == 200
    with pytest.raises(RedemptionLimitReached):
        redeem(database, codes["bert"])


def test_a_code_that_is_given_back_counts_no_more_and_may_be_used_again(database: Database) -> None:
    codes = issued_codes(database, ["anna", "bert"], redemption_limit=1, refund_gives_code_back=True)
    used = redeem(database, codes["anna"])

    assert not refund(database, used, "r1", 199).code_given_back
    given_back = refund(database, used, "r2", 1)

    assert (given_back.code_given_back, given_back.redemption.given_back) == (True, True)
    assert used_of(database) == (0, 0, 0, 0)
    second = redeem(database, codes["anna"], replace(BASKET, order_id="o2"))
    assert second.redemption_id != used.redemption_id
    assert used_of(database) == (0, 0, 1, 200)
    with pytest.raises(RedemptionLimitReached):
        redeem(database, codes["bert"], replace(BASKET, order_id="o3"))


def test_a_late_repetition_of_a_refunded_redemption_does_not_use_the_code_again(database: Database) -> None:
    code = issued_codes(database, ["anna"], refund_gives_code_back=True)["anna"]
    used = redeem(database, code)
    refund(database, used, "r1")
    books = counts(database, "ledger", "audit_log")

    again = redeem(database, code)

    assert (again.redemption_id, again.given_back) == (used.redemption_id, True)
    assert counts(database, "ledger", "audit_log") == books
    assert used_of(database) == (0, 0, 0, 0)


def test_a_code_that_an_order_gave_back_is_good_for_other_orders_only(database: Database) -> None:
    code = issued_codes(database, ["anna"], refund_gives_code_back=True)["anna"]
    refund(database, redeem(database, code), "r1")
    books = counts(database, "ledger", "reservations", "audit_log")

    with database.reading() as snapshot, pytest.raises(CouponAlreadyRedeemed, match="given back: use another order"):
        redemption.validate(snapshot, code, BASKET, NOW)
    with database.writing() as transaction, pytest.raises(CouponAlreadyRedeemed, match="given back: use another order"):
        reservation.reserve(transaction, make_cause(), code, BASKET)

    assert counts(database, "ledger", "reservations", "audit_log") == books
    other = replace(BASKET, order_id="o2")
    with database.writing() as transaction:
        assert redemption.validate(transaction, code, other, NOW).discount_minor == 200
        assert reservation.reserve(transaction, make_cause(), code, other).discount_minor == 200
    assert used_of(database) == (1, 200, 0, 0)


def test_many_refunds_at_once_give_back_the_whole_and_no_more(database_url: str) -> None:
    database = Database.at(database_url, pool_size=8)
    used = redeem(database, issued_codes(database, ["anna"], refund_gives_code_back=True)["anna"])

    def attempt(number: int) -> int:
        try:
            return refund(database, used, f"r{number % 20}", 15).refunded_minor
        except RefundBeyondDiscount:
            return 0

    with ThreadPoolExecutor(8) as threads:
        given = list(threads.map(attempt, range(60)))

    assert used_of(database) == (0, 0, 1, 5)
    assert sorted(ledger_of(database)[1:]) == [("REFUND", 0, 0, 0, -15)] * 13
    assert sum(given) >= 13 * 15
    database.close()
