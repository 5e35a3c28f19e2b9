"""A code is used once, on one order, within its campaign, and never beyond the limit however many try at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
import pytest
from made.campaigns import NOW, audit_lines, codes_of, counts, launch_campaign, make_cause, make_plan, store_scores
from sqlalchemy import text

from campaigns import trail
from campaigns.coupons import redemption
from campaigns.coupons.codes import displayed, mint
from campaigns.coupons.refusals import CouponNotFound, InvalidCode
from campaigns.errors import Refusal
from campaigns.life import campaigns
from campaigns.terms.basket import Basket, Line
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.coupon import Redemption
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Percent, Scope
from campaigns.terms.refusals import (
    CouponAlreadyRedeemed,
    CouponExpired,
    CouponNotForThisOrder,
    CouponNotStarted,
    CouponOfAnotherCustomer,
    CouponSuspended,
    CouponWithoutEffect,
    InvalidOrder,
    ItemsNotInOrder,
    OrderBelowMinimum,
    OrderLinesMissing,
    RedemptionLimitReached,
)
from campaigns.tiers.tiers import Tier
from database.events import items, store
from database.session import Database
from events.event import ITEM_SCHEMA, Event, EventType

TENTH = Discount(reward=Percent(percent=10))
YESTERDAY = NOW - timedelta(days=1)
BASKET = Basket(order_minor=2000, currency="GBP", customer_id="anna", order_id="o1")


def issue(database: Database, discount: Discount = TENTH, *, start_time: datetime = YESTERDAY) -> str:
    """Anna's code of a campaign that gives her ten percent, or what the test says."""
    store_scores(database, {"anna": 9000})
    offer = Offer(tier=Tier.HIGH, discount=discount, channel=Channel.ON_SITE)
    launch_campaign(database, make_plan(offers=(offer,), start_time=start_time))
    return codes_of(database)["anna"]


def redeem(database: Database, code: str, basket: Basket = BASKET, **when: timedelta) -> Redemption:
    with database.writing() as transaction:
        return redemption.redeem(transaction, make_cause(NOW + when.get("after", timedelta())), code, basket)


def totals(database: Database) -> tuple[int, int, int]:
    """Redemptions by the campaign's counter and by the ledger, and money by the counter."""
    with database.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
    return campaign.redeemed_count, counts(database, "redemptions")[0], campaign.discounted_minor


def test_a_code_takes_its_discount_off_once(database: Database) -> None:
    code = issue(database)
    with database.reading() as snapshot:
        assert redemption.validate(snapshot, displayed(code).lower(), BASKET, NOW).discount_minor == 200

    used = redeem(database, displayed(code).lower())

    assert (used.code, used.customer_id, used.order_id, used.discount_minor) == (code, "anna", "o1", 200)
    assert totals(database) == (1, 1, 200)
    with database.reading() as snapshot, pytest.raises(CouponAlreadyRedeemed):
        redemption.validate(snapshot, code, BASKET, NOW)


def test_the_same_order_again_gets_the_same_redemption(database: Database) -> None:
    code = issue(database)
    first = redeem(database, code)
    logged = counts(database, "audit_log")

    assert redeem(database, code, after=timedelta(days=90)) == first
    assert redeem(database, code, replace(BASKET, customer_id=None)) == first

    assert totals(database) == (1, 1, 200)
    assert counts(database, "audit_log") == logged


@pytest.mark.parametrize(
    ("basket", "told"),
    [
        (replace(BASKET, order_id="o2"), "used on another order"),
        (replace(BASKET, customer_id="bert"), "used on this order, by another customer"),
    ],
)
def test_another_order_or_customer_is_refused(database: Database, basket: Basket, told: str) -> None:
    code = issue(database)
    redeem(database, code)

    with pytest.raises(CouponAlreadyRedeemed, match=told):
        redeem(database, code, basket)

    assert totals(database) == (1, 1, 200)


REFUSED: list[tuple[datetime, Basket, timedelta, type[Refusal]]] = [
    (YESTERDAY, replace(BASKET, customer_id="bert"), timedelta(), CouponOfAnotherCustomer),
    (YESTERDAY, replace(BASKET, currency="EUR"), timedelta(), CouponNotForThisOrder),
    (YESTERDAY, replace(BASKET, order_minor=0), timedelta(), InvalidOrder),
    (YESTERDAY, replace(BASKET, order_id=None), timedelta(), InvalidOrder),
    (YESTERDAY, replace(BASKET, order_minor=4), timedelta(), CouponWithoutEffect),
    (YESTERDAY, BASKET, timedelta(days=30), CouponExpired),
    (NOW + timedelta(days=1), BASKET, timedelta(), CouponNotStarted),
]


@pytest.mark.parametrize(("start_time", "basket", "after", "refusal"), REFUSED)
def test_a_code_that_buys_nothing_here_stays_unused(
    database: Database, start_time: datetime, basket: Basket, after: timedelta, refusal: type[Refusal]
) -> None:
    code = issue(database, start_time=start_time)
    logged = counts(database, "audit_log")

    with pytest.raises(refusal):
        redeem(database, code, basket, after=after)

    assert totals(database) == (0, 0, 0)
    assert counts(database, "audit_log") == logged


def test_the_last_moment_of_the_window_still_counts(database: Database) -> None:
    code = issue(database)

    assert redeem(database, code, after=timedelta(days=30) - timedelta(microseconds=1)).discount_minor == 200


@pytest.mark.parametrize("stop", [campaigns.pause, campaigns.end])
def test_a_code_rests_with_its_campaign(database: Database, stop: Callable[..., object]) -> None:
    code = issue(database)
    with database.writing() as transaction:
        stop(transaction, make_cause(), "spring")

    with pytest.raises(CouponSuspended) as refused:
        redeem(database, code)

    assert refused.value.metadata["campaign"] == "campaigns/spring"
    assert totals(database) == (0, 0, 0)


def test_codes_nobody_issued_are_not_found_and_misread_ones_are_told_apart(database: Database) -> None:
    with pytest.raises(CouponNotFound):
        redeem(database, mint(1)[0])
    with pytest.raises(InvalidCode):
        redeem(database, "0000-0000-0000-1")


@pytest.mark.parametrize(
    ("bought", "refused"),
    [
        pytest.param([], False, id="never-bought"),
        pytest.param([("o1", EventType.PURCHASE)], False, id="this-order-is-recorded-already"),
        pytest.param([("o0", EventType.VIEW)], False, id="only-looked"),
        pytest.param([("o0", EventType.PURCHASE)], True, id="bought-before"),
        pytest.param([(None, EventType.PURCHASE)], True, id="bought-without-an-order-id"),
    ],
)
def test_a_new_customers_discount_is_for_a_first_order(
    database: Database, bought: list[tuple[str | None, EventType]], *, refused: bool
) -> None:
    code = issue(database, Discount(reward=Fixed(amount_minor=300), first_order_only=True))
    happened = [
        Event(event_id=f"e{place}", customer_id="anna", time=NOW, event_type=kind, order_id=order)
        for place, (order, kind) in enumerate(bought)
    ]
    with database.writing() as transaction:
        store.insert_events(transaction, happened)

    if refused:
        with pytest.raises(CouponNotForThisOrder, match="first order"):
            redeem(database, code)
        assert totals(database) == (0, 0, 0)
    else:
        assert redeem(database, code).discount_minor == 300


SHOES = Discount(reward=TENTH.reward, scope=Scope(categories=("Shoes",)), minimum_minor=1500)


def test_what_counts_is_looked_up_in_the_catalogue(database: Database) -> None:
    code = issue(database, SHOES)
    catalogue = {"item_id": ["boots", "hat"], "category": ["Shoes|Boots", "Hats"]}
    with database.writing() as transaction:
        items.copy_items(transaction, pl.DataFrame(catalogue).match_to_schema(ITEM_SCHEMA, missing_columns="insert"))
    boots = Line(item_id="boots", quantity=1, unit_price_minor=1500)
    hat = Line(item_id="hat", quantity=1, unit_price_minor=500)

    for lines, shoes_minor in (((), None), ((hat,), 0), ((replace(boots, unit_price_minor=1499), hat), 1499)):
        refusal = OrderLinesMissing if not lines else OrderBelowMinimum if shoes_minor else ItemsNotInOrder
        with pytest.raises(refusal) as refused:
            redeem(database, code, replace(BASKET, lines=lines))
        assert refused.value.metadata.get("counted_minor") == (str(shoes_minor) if shoes_minor else None)
    assert totals(database) == (0, 0, 0)

    said = replace(hat, category="Shoes", unit_price_minor=300)
    assert redeem(database, code, replace(BASKET, lines=(boots, said))).discount_minor == 180


def test_free_shipping_takes_off_what_shipping_costs(database: Database) -> None:
    code = issue(database, Discount(reward=FreeShipping(maximum_minor=400)))
    with pytest.raises(CouponWithoutEffect):
        redeem(database, code)

    used = redeem(database, code, replace(BASKET, shipping_minor=490))

    assert (used.order_minor, used.discount_minor) == (2000, 400)
    assert totals(database) == (1, 1, 400)


def test_the_audit_line_names_neither_customer_nor_code(database: Database) -> None:
    used = redeem(database, issue(database))

    with database.reading() as snapshot:
        line = snapshot.execute(text("SELECT * FROM audit_log ORDER BY audit_id DESC LIMIT 1")).one()
    assert (line.action, line.object_name) == ("coupons.redeem", f"redemptions/{used.redemption_id}")
    assert line.after == {
        "campaign": "spring", "tier": "HIGH", "order_minor": 2000, "discount_minor": 200, "currency": "GBP",
    }  # fmt: skip
    assert "anna" not in str(line.after)
    assert used.code not in str(tuple(line))


def test_a_refused_attempt_can_be_recorded_on_its_own(database: Database) -> None:
    code = issue(database)
    with pytest.raises(CouponOfAnotherCustomer) as refused:
        redeem(database, code, replace(BASKET, customer_id="bert"))

    with database.writing() as transaction:
        trail.denied(transaction, make_cause(), "coupons.redeem", "coupons", refused.value)

    assert audit_lines(database)[-1] == ("coupons.redeem", "campaigns/spring", "DENIED")


@pytest.mark.parametrize("attempts", [400])
def test_four_hundred_at_once_use_exactly_the_fifty_there_are(database_url: str, attempts: int) -> None:
    database = Database.at(database_url, pool_size=16)
    customers = [f"c{place:03}" for place in range(attempts)]
    store_scores(database, dict.fromkeys(customers, 9000))
    offer = Offer(tier=Tier.HIGH, discount=Discount(reward=Percent(percent=10)), channel=Channel.ON_SITE)
    launch_campaign(database, make_plan(offers=(offer,), redemption_limit=50))
    issued = codes_of(database)

    def attempt(customer: str) -> str:
        try:
            redeem(database, issued[customer], replace(BASKET, customer_id=customer, order_id=f"o-{customer}"))
        except RedemptionLimitReached as refusal:
            return refusal.reason
        return "OK"

    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(attempt, customers))

    assert (outcomes.count("OK"), outcomes.count("REDEMPTION_LIMIT_REACHED")) == (50, 350)
    assert totals(database) == (50, 50, 50 * 200)
    database.close()


def test_one_code_tried_on_many_orders_at_once_is_used_on_one(database_url: str) -> None:
    database = Database.at(database_url, pool_size=16)
    code = issue(database)

    def attempt(order: int) -> bool:
        try:
            redeem(database, code, replace(BASKET, order_id=f"o{order}"))
        except CouponAlreadyRedeemed:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(attempt, range(48)))

    assert outcomes.count(True) == 1
    assert totals(database) == (1, 1, 200)
    database.close()
