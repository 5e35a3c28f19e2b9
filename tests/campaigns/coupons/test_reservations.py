"""A code is held for one order for minutes, counts as used meanwhile, and is free again the moment its time is over."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import NOW, audit_lines, counts, issued_codes, ledger_of, make_cause, used_of

from campaigns.budgets import booking
from campaigns.coupons import quoting, redemption, reservation
from campaigns.coupons.refusals import CouponReserved, InvalidReservation, ReservationClosed, ReservationNotFound
from campaigns.errors import Refusal
from campaigns.terms.basket import Basket, Line
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.coupon import Redemption, Reservation, ReservationState
from campaigns.terms.discount import Discount, Percent, Scope
from campaigns.terms.limits import Budget
from campaigns.terms.refusals import (
    BudgetExhausted,
    CouponAlreadyRedeemed,
    CouponWithoutEffect,
    InvalidOrder,
    RedemptionLimitReached,
)
from campaigns.tiers.tiers import Tier
from database.coupons import reservations
from database.session import Database

BASKET = Basket(order_minor=2000, currency="GBP", order_id="o1")
HALF_OF_BOOTS = Offer(
    tier=Tier.HIGH, discount=Discount(reward=Percent(percent=50), scope=Scope(items=("boots",))),
    channel=Channel.ON_SITE,
)  # fmt: skip
OTHER = replace(BASKET, order_id="o2")
MINUTES = timedelta(minutes=10)
SOON = MINUTES - timedelta(microseconds=1)


def reserve(
    database: Database, code: str, basket: Basket = BASKET, *, after: timedelta = timedelta(), **how: timedelta
) -> Reservation:
    with database.writing() as transaction:
        return reservation.reserve(transaction, make_cause(NOW + after), code, basket, **how)


def release(database: Database, held: Reservation) -> Reservation:
    with database.writing() as transaction:
        return reservation.release(transaction, make_cause(), held.reservation_id)


def redeem(
    database: Database, code: str, basket: Basket = BASKET, *, after: timedelta = timedelta(), by: str | None = None
) -> Redemption:
    with database.writing() as transaction:
        return redemption.redeem(transaction, make_cause(NOW + after), code, basket, reservation_id=by)


def refused(refusal: type[Refusal], act: Callable[[], object]) -> Refusal:
    with pytest.raises(refusal) as raised:
        act()
    return raised.value


def test_a_held_code_is_used_by_its_order_and_by_no_other(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]

    held = reserve(database, code)

    assert (held.discount_minor, held.expire_time, held.state) == (200, NOW + MINUTES, ReservationState.HELD)
    assert used_of(database) == (1, 200, 0, 0)
    refusal = refused(CouponReserved, lambda: redeem(database, code, OTHER, after=SOON))
    assert refusal.metadata == {"campaign": "campaigns/spring", "expire_time": held.expire_time.isoformat()}
    refused(CouponReserved, lambda: reserve(database, code, OTHER))
    with database.reading() as snapshot:
        assert redemption.validate(snapshot, code, BASKET, NOW).discount_minor == 200
        with pytest.raises(CouponReserved):
            redemption.validate(snapshot, code, OTHER, NOW)

    used = redeem(database, code, after=SOON)

    assert used.reservation_id == held.reservation_id
    assert used_of(database) == (0, 0, 1, 200)
    assert ledger_of(database) == [("RESERVE", 1, 200, 0, 0), ("REDEEM", -1, -200, 1, 200)]
    assert [action for action, _, _ in audit_lines(database)[-2:]] == ["coupons.reserve", "coupons.redeem"]


def test_an_order_with_other_items_for_the_same_amount_is_held_anew(database: Database) -> None:
    code = issued_codes(database, ["anna"], offers=(HALF_OF_BOOTS,))["anna"]
    boots, hat = (Line(item_id=name, quantity=1, unit_price_minor=1000) for name in ("boots", "hat"))

    first = reserve(database, code, replace(BASKET, lines=(boots, boots)))
    second = reserve(database, code, replace(BASKET, lines=(boots, hat)))

    assert (first.discount_minor, second.discount_minor) == (1000, 500)
    assert used_of(database) == (1, 500, 0, 0)


def test_the_same_order_again_gets_the_same_reservation(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    held = reserve(database, code)
    books = counts(database, "ledger", "reservations", "audit_log")

    assert reserve(database, code, after=SOON) == held

    assert counts(database, "ledger", "reservations", "audit_log") == books


def test_an_order_whose_worth_changed_is_held_anew(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    first = reserve(database, code)

    second = reserve(database, code, replace(BASKET, order_minor=5000), after=SOON)

    assert (second.discount_minor, second.expire_time) == (500, NOW + SOON + MINUTES)
    assert used_of(database) == (1, 500, 0, 0)
    refused(ReservationClosed, lambda: redeem(database, code, by=first.reservation_id))


def test_what_lapsed_is_free_at_once_though_nobody_swept(database: Database) -> None:
    codes = issued_codes(database, ["anna", "bert"], redemption_limit=1)
    held = reserve(database, codes["anna"])
    refused(RedemptionLimitReached, lambda: redeem(database, codes["bert"], OTHER, after=SOON))

    with database.reading() as snapshot:
        assert redemption.validate(snapshot, codes["bert"], OTHER, NOW + MINUTES).discount_minor == 200
    redeem(database, codes["bert"], OTHER, after=MINUTES)

    assert used_of(database) == (0, 0, 1, 200)
    with database.reading() as snapshot:
        lapsed = reservations.get(snapshot, held.reservation_id)
    assert lapsed is not None
    assert lapsed.state == ReservationState.EXPIRED
    refused(RedemptionLimitReached, lambda: redeem(database, codes["anna"], after=MINUTES))


def test_a_lapsed_code_can_be_held_and_used_by_another_order(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    first = reserve(database, code)

    refusal = refused(ReservationClosed, lambda: redeem(database, code, after=MINUTES, by=first.reservation_id))
    second = reserve(database, code, OTHER, after=MINUTES)

    assert refusal.metadata["state"] == "EXPIRED"
    assert redeem(database, code, OTHER, after=MINUTES).reservation_id == second.reservation_id
    assert [kind for kind, *_ in ledger_of(database)] == ["RESERVE", "EXPIRE", "RESERVE", "REDEEM"]
    assert used_of(database) == (0, 0, 1, 200)


def test_a_released_code_is_free_and_stays_released(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    held = reserve(database, code)

    released = [release(database, held) for _ in range(2)]

    assert [each.state for each in released] == [ReservationState.RELEASED] * 2
    assert used_of(database) == (0, 0, 0, 0)
    assert [kind for kind, *_ in ledger_of(database)] == ["RESERVE", "RELEASE"]
    assert redeem(database, code, OTHER).reservation_id is None


def test_what_was_redeemed_cannot_be_released(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    held = reserve(database, code)
    redeem(database, code, by=held.reservation_id)

    refusal = refused(ReservationClosed, lambda: release(database, held))

    assert refusal.metadata["state"] == "REDEEMED"
    assert refusal.message.endswith("is REDEEMED: refund its redemption")
    assert used_of(database) == (0, 0, 1, 200)
    refused(CouponAlreadyRedeemed, lambda: reserve(database, code))


def test_a_basket_that_changed_is_paid_by_what_is_held_and_the_budget(database: Database) -> None:
    codes = issued_codes(database, ["anna", "bert"], budget=Budget(limit_minor=700))
    held = reserve(database, codes["anna"])

    redeem(database, codes["anna"], replace(BASKET, order_minor=5000), by=held.reservation_id)

    assert used_of(database) == (0, 0, 1, 500)
    refused(BudgetExhausted, lambda: reserve(database, codes["bert"], replace(OTHER, order_minor=2010)))
    assert reserve(database, codes["bert"], OTHER).discount_minor == 200


@pytest.mark.parametrize(("order_minor", "due"), [(7000, 700), (7010, 200), (1000, 100)])
def test_a_held_code_takes_off_a_changed_basket_what_the_budget_has_or_what_was_promised_as_it_is_quoted(
    database: Database, order_minor: int, due: int
) -> None:
    code = issued_codes(database, ["anna"], redemption_limit=1, budget=Budget(limit_minor=700))["anna"]
    reserve(database, code)
    changed = replace(BASKET, order_minor=order_minor)

    with database.reading() as snapshot:
        quoted = redemption.validate(snapshot, code, changed, NOW)

    assert quoted.discount_minor == redeem(database, code, changed).discount_minor == due
    assert used_of(database) == (0, 0, 1, due)


def test_a_reservation_never_outlives_its_coupon(database: Database) -> None:
    code = issued_codes(database, ["anna"], end_time=NOW + timedelta(minutes=3))["anna"]

    assert reserve(database, code).expire_time == NOW + timedelta(minutes=3)


@pytest.mark.parametrize("lasting", [timedelta(), timedelta(minutes=60, microseconds=1), timedelta(days=7)])
def test_a_code_is_held_for_minutes_only(database: Database, lasting: timedelta) -> None:
    code = issued_codes(database, ["anna"])["anna"]

    refused(InvalidReservation, lambda: reserve(database, code, time_to_live=lasting))

    assert counts(database, "reservations", "ledger") == (0, 0)


def test_what_buys_nothing_is_not_held(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]

    refused(CouponWithoutEffect, lambda: reserve(database, code, replace(BASKET, order_minor=4)))
    refused(InvalidOrder, lambda: reserve(database, code, replace(BASKET, order_id=None)))

    assert counts(database, "reservations", "ledger") == (0, 0)


def test_a_reservation_of_another_code_is_no_reservation_of_this_one(database: Database) -> None:
    codes = issued_codes(database, ["anna", "bert"])
    held = reserve(database, codes["anna"])

    refused(ReservationNotFound, lambda: redeem(database, codes["bert"], by=held.reservation_id))
    refused(ReservationNotFound, lambda: release(database, replace(held, reservation_id="nothing")))

    assert used_of(database) == (1, 200, 0, 0)


def test_the_sweep_gives_back_what_lapsed_and_leaves_what_others_are_at(database: Database) -> None:
    codes = issued_codes(database, ["anna", "bert", "cleo"])
    for number, code in enumerate(codes.values()):
        reserve(database, code, replace(BASKET, order_id=f"o{number}"), time_to_live=MINUTES + number * MINUTES)

    with database.writing() as busy, database.writing() as transaction:
        assert reservation.held_for(busy, make_cause(NOW), quoting.read(busy, codes["anna"]), "o0")[0] is not None
        swept = booking.sweep(transaction, "spring", NOW + 2 * MINUTES, wait=False)

    assert swept == 1
    assert used_of(database) == (2, 400, 0, 0)
    with database.writing() as transaction:
        assert booking.sweep(transaction, "spring", NOW + 2 * MINUTES, wait=False) == 1
        assert booking.sweep(transaction, "spring", NOW + 2 * MINUTES, wait=False) == 0
    assert used_of(database) == (1, 200, 0, 0)
