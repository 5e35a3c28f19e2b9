"""Several coupons of one customer on one order: each takes what is left, and not all go together."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest
from made.campaigns import NOW, codes_of, counts, launch_campaign, make_cause, make_plan, store_scores, used_of

from campaigns.coupons import redemption, refunding, reservation
from campaigns.coupons.offering import offers_for
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.coupon import Redemption, Reservation
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Percent, Reward, Saving
from campaigns.terms.limits import Budget
from campaigns.terms.refusals import CouponNotCombinable, CouponWithoutEffect
from campaigns.terms.restraint import Stacking
from campaigns.terms.stacking import conflict_of
from campaigns.tiers.tiers import Tier
from database.session import Database

ORDER = Basket(order_minor=2000, currency="GBP", order_id="o1", shipping_minor=300)
HALF, QUARTER, SHIPPING = Percent(percent=50), Percent(percent=25), FreeShipping()
SALE = Stacking(group="sale")


def issue(database: Database, *terms: tuple[Reward, Stacking], budget: Budget | None = None) -> list[str]:
    """Anna's codes of as many campaigns, which bert has codes of, too."""
    store_scores(database, {"anna": 9000, "bert": 9000})
    codes = []
    for number, (reward, stacking) in enumerate(terms):
        offer = Offer(tier=Tier.HIGH, discount=Discount(reward=reward), channel=Channel.ON_SITE)
        plan = make_plan(offers=(offer,), stacking=stacking, refund_gives_code_back=True, budget=budget)
        launch_campaign(database, plan, f"c{number}")
        codes.append(codes_of(database, f"c{number}")["anna"])
    return codes


def redeem(database: Database, code: str, basket: Basket = ORDER) -> Redemption:
    with database.writing() as transaction:
        return redemption.redeem(transaction, make_cause(), code, basket)


def reserve(database: Database, code: str, basket: Basket = ORDER) -> Reservation:
    with database.writing() as transaction:
        return reservation.reserve(transaction, make_cause(), code, basket)


def test_each_takes_its_discount_off_what_the_others_left(database: Database) -> None:
    half, shipping, other, last = issue(
        database, (HALF, Stacking()), (SHIPPING, Stacking()), (HALF, Stacking()), (Fixed(amount_minor=900), Stacking())
    )

    assert [redeem(database, code).discount_minor for code in (half, shipping, other, last)] == [1000, 300, 500, 500]


def test_nothing_is_left_to_take_off(database: Database) -> None:
    whole, more = issue(database, (Percent(percent=100), Stacking()), (HALF, Stacking()))
    redeem(database, whole)

    with pytest.raises(CouponWithoutEffect):
        redeem(database, more)

    assert counts(database, "redemptions") == (1,)
    assert redeem(database, more, replace(ORDER, order_id="o2")).discount_minor == 1000


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [(SALE, SALE, "GROUP"), (Stacking(), Stacking(alone=True), "ALONE"), (Stacking(alone=True), SALE, "ALONE")],
)
def test_two_that_do_not_go_together_are_told_apart_before_and_at_the_till(
    database: Database, first: Stacking, second: Stacking, conflict: str
) -> None:
    one, other = issue(database, (HALF, first), (HALF, second))
    redeem(database, one)

    with database.reading() as snapshot, pytest.raises(CouponNotCombinable) as refused:
        redemption.validate(snapshot, other, ORDER, NOW)
    assert refused.value.metadata == {
        "campaign": "campaigns/c1", "conflict": conflict, "other_campaign": "campaigns/c0",
    }  # fmt: skip
    assert "campaigns/c0 is used on this order or held for it" in refused.value.message
    with pytest.raises(CouponNotCombinable):
        redeem(database, other)
    assert counts(database, "redemptions") == (1,)
    assert redeem(database, one) is not None
    assert redeem(database, other, replace(ORDER, order_id="o2")).discount_minor == 1000


def test_a_reservation_keeps_others_out_until_it_lapses_and_a_use_until_it_is_given_back(database: Database) -> None:
    one, other = issue(database, (HALF, SALE), (HALF, SALE))
    held = reserve(database, one)
    with pytest.raises(CouponNotCombinable):
        redeem(database, other)
    with database.reading() as snapshot:
        assert redemption.validate(snapshot, other, ORDER, held.expire_time).discount_minor == 1000

    used = redeem(database, one)
    with database.writing() as transaction:
        refunding.refund(transaction, make_cause(NOW + timedelta(days=1)), used.redemption_id, refund_id="r1")

    assert redeem(database, other).discount_minor == 1000


@pytest.mark.parametrize("turn", [1, -1])
def test_what_was_held_is_what_is_taken_whichever_is_used_first(database: Database, turn: int) -> None:
    codes = issue(database, (QUARTER, Stacking()), (QUARTER, Stacking(priority=1)), (QUARTER, Stacking()))
    held = {code: reserve(database, code).discount_minor for code in codes}

    used = {code: redeem(database, code).discount_minor for code in codes[::turn]}

    assert list(held.values()) == [500, 500, 250]
    assert used == held


def test_a_code_that_is_held_anew_keeps_its_place_and_its_promise(database: Database) -> None:
    codes = issue(database, (QUARTER, Stacking()), (HALF, Stacking()))
    for code in codes:
        reserve(database, code)
    grown = replace(ORDER, order_minor=4000)
    with database.reading() as snapshot:
        offers = offers_for(snapshot, "anna", NOW, basket=grown)
    told = [offers.worths[code].together_minor for code in codes]

    held = [reserve(database, code, grown) for code in codes]

    assert [each.discount_minor for each in held] == told == [1000, 1500]
    assert [reserve(database, code, grown) for code in codes] == held
    assert [redeem(database, code, grown).discount_minor for code in codes] == told


@pytest.mark.parametrize("budget_minor", [750, 999, 1000])
def test_what_was_promised_is_taken_off_though_the_budget_lacks_what_the_code_is_worth_by_now(
    database: Database, budget_minor: int
) -> None:
    budget = Budget(limit_minor=budget_minor, confidence=0.5)
    first, second = issue(database, (QUARTER, Stacking()), (HALF, Stacking()), budget=budget)
    before, promised = reserve(database, first), reserve(database, second)
    with database.writing() as transaction:
        reservation.release(transaction, make_cause(), before.reservation_id)
    due = 1000 if budget_minor == 1000 else 750

    with database.reading() as snapshot:
        quoted = redemption.validate(snapshot, second, ORDER, NOW).saving
        offers = offers_for(snapshot, "anna", NOW, basket=ORDER).worths[second]
    held = reserve(database, second)
    used = redeem(database, second)

    assert promised.discount_minor == 750
    assert quoted == Saving(goods_minor=due)
    assert (offers.alone_minor, offers.together_minor, offers.refusal) == (due, due, None)
    assert (held.discount_minor, used.discount_minor, used.reservation_id) == (due, due, held.reservation_id)
    assert (held == promised) is (due == 750)
    assert used_of(database, "c1") == (0, 0, 1, due)


def test_a_higher_priority_takes_its_share_of_the_whole_though_it_comes_later(database: Database) -> None:
    low, high, last = issue(
        database, (Fixed(amount_minor=200), Stacking()), (HALF, Stacking(priority=5)), (HALF, Stacking())
    )

    assert [redeem(database, code).discount_minor for code in (low, high, last)] == [200, 1000, 400]


def test_an_order_has_one_coupon_of_a_group_whoever_owns_it(database: Database) -> None:
    issue(database, (HALF, SALE), (HALF, SALE))
    of_anna, of_bert = codes_of(database, "c0")["anna"], codes_of(database, "c1")["bert"]
    redeem(database, of_anna)

    with pytest.raises(CouponNotCombinable):
        redeem(database, of_bert)

    assert counts(database, "redemptions") == (1,)


def test_the_first_answer_comes_again_though_another_was_used_since_on_its_order(database: Database) -> None:
    one, other = issue(database, (HALF, SALE), (HALF, SALE))
    first = redeem(database, one)
    with database.writing() as transaction:
        refunding.refund(transaction, make_cause(), first.redemption_id, refund_id="r1")
    redeem(database, other)

    assert redeem(database, one).redemption_id == first.redemption_id


@pytest.mark.parametrize(
    "terms",
    [[SALE, SALE, SALE], [Stacking(alone=True), Stacking(), SALE], [Stacking(alone=True), Stacking(alone=True), SALE]],
    ids=["one group", "one alone", "two alone"],
)
@pytest.mark.parametrize("ways", [(redeem, redeem, redeem), (reserve, redeem, reserve)], ids=["redeem", "reserve"])
def test_of_callers_at_once_those_win_who_go_together(
    database: Database, terms: list[Stacking], ways: Sequence[Callable[[Database, str, Basket], object]]
) -> None:
    codes = issue(database, *((HALF, stacking) for stacking in terms))

    def attempt(number: int) -> bool:
        try:
            ways[number](database, codes[number], ORDER)
        except CouponNotCombinable:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        won = [terms[number] for number, done in enumerate(pool.map(attempt, range(3))) if done]

    assert won
    assert all(conflict_of(*pair) is None for pair in combinations(won, 2))
    assert sum(counts(database, "redemptions", "reservations")) == len(won)
