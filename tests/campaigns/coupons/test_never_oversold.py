"""However many customers ask at once, and whatever is given back meanwhile, exactly the limit is used."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import pytest
from made.campaigns import NOW, make_cause, make_plan, used_of
from running.forked import FORKS
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from campaigns.budgets import booking, shards
from campaigns.coupons import reconciliation, redemption, refunding, reservation
from campaigns.coupons.codes import mint
from campaigns.errors import CouponRefused
from campaigns.life import amending, campaigns, drafts
from campaigns.life.approval import ApprovalPolicy
from campaigns.terms.basket import Basket
from campaigns.terms.limits import Budget
from campaigns.terms.refusals import BudgetExhausted, InvalidCampaign
from database.budgets.ledger import Amounts, Entry
from database.coupons import reconciliation as stored
from database.failures import Failure, failure_of
from database.session import Database, Transaction

LIMIT = 125
CUSTOMERS = 1_250
PLAIN = 250
"""Attempts that come last, so that whatever was given back finds a taker."""
PROCESSES, CONNECTIONS = 2, 12
HOT = "hot"


class Attempt(NamedTuple):
    """One customer's: what they do with their code if they get it."""

    code: str
    then: str
    """KEEP, REFUND (the campaign gives the code back), RELEASE or LAPSE (a reservation)."""


def prepared(database: Database, *, customers: int, **plan: object) -> list[str]:
    """Codes of an active campaign, one for each customer."""
    codes = mint(customers)
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), HOT, make_plan(**plan))
        booking.open_budget(transaction, campaigns.get(transaction, HOT))
        transaction.execute(
            text("UPDATE campaigns SET state = 'ACTIVE', activate_time = start_time, issued_count = :count"),
            {"count": customers},
        )
        transaction.execute(
            text(
                """INSERT INTO coupons (code, campaign_id, customer_id, tier, channel, discount, state, issue_time)
                SELECT code, 'hot', code, 'HIGH', 'ON_SITE', offers -> 'HIGH' -> 'discount', 'ISSUED', start_time
                FROM unnest(CAST(:codes AS text[])) AS code CROSS JOIN campaigns"""
            ),
            {"codes": codes},
        )
    return codes


def attempted(database: Database, attempt: Attempt) -> str:
    """What came of it: a reason, or what was done."""
    order = Basket(order_minor=2000, currency="GBP", order_id=f"o-{attempt.code}")
    try:
        with database.writing() as transaction:
            if attempt.then in ("RELEASE", "LAPSE"):
                held = reservation.reserve(
                    transaction, make_cause(NOW - timedelta(hours=1)), attempt.code, order
                ).reservation_id
            else:
                used = redemption.redeem(transaction, make_cause(), attempt.code, order).redemption_id
    except CouponRefused as refusal:
        return refusal.reason
    if attempt.then in ("RELEASE", "REFUND"):
        with database.writing() as transaction:
            if attempt.then == "RELEASE":
                reservation.release(transaction, make_cause(), held)
            else:
                refunding.refund(transaction, make_cause(), used, refund_id="r")
    return attempt.then


def insisted(database: Database, attempt: Attempt) -> str:
    """The same by a till that repeats what waited for a lock too long, as one is told to."""
    while True:
        try:
            return attempted(database, attempt)
        except DBAPIError as error:
            if failure_of(error) is not Failure.CONFLICT:
                raise


def amended(database: Database, minor: int) -> int:
    """The budget as it is now: the least that it can be at this moment, where that is more."""
    try:
        with database.writing() as transaction:
            changed, at_once = Budget(limit_minor=minor), ApprovalPolicy(approvals=0)
            amending.update(transaction, make_cause(), HOT, lambda plan: replace(plan, budget=changed), at_once)
    except InvalidCampaign as refusal:
        return amended(database, int(refusal.metadata["least_minor"]))
    return minor


def attempts(url: str, mine: Sequence[Attempt]) -> Counter[str]:
    """A process's share, over its own connections."""
    database = Database.at(url, pool_size=CONNECTIONS)
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        outcomes = Counter(threads.map(lambda attempt: insisted(database, attempt), mine))
    database.close()
    return outcomes


def agrees(database: Database) -> bool:
    with database.reading() as snapshot:
        figures = stored.figures(snapshot, after="", limit=10)
    return [verdict.differences for verdict in reconciliation.judged(figures)] == [[]]


@pytest.mark.timeout(120)
def test_ten_times_as_many_customers_as_there_are_codes_use_exactly_all_of_them(
    database: Database, database_url: str
) -> None:
    plan = {"redemption_limit": LIMIT, "budget": Budget(limit_minor=LIMIT * 200), "refund_gives_code_back": True}
    codes = prepared(database, customers=CUSTOMERS, **plan)
    doings = ["KEEP", "RELEASE", "REFUND", "KEEP", "LAPSE", "KEEP", "REFUND", "KEEP"]
    mixed = [Attempt(code, doings[place % len(doings)]) for place, code in enumerate(codes[PLAIN:])]
    plain = [Attempt(code, "KEEP") for code in codes[:PLAIN]]
    outcomes: Counter[str] = Counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=FORKS) as processes:
        for phase in (mixed, plain):
            shares = [phase[first::PROCESSES] for first in range(PROCESSES)]
            for found in processes.map(attempts, [database_url] * PROCESSES, shares):
                outcomes += found

    assert set(outcomes) == {"KEEP", "RELEASE", "REFUND", "LAPSE", "REDEMPTION_LIMIT_REACHED"}
    assert outcomes["KEEP"] == LIMIT
    assert outcomes.total() == CUSTOMERS
    assert min(outcomes["RELEASE"], outcomes["REFUND"], outcomes["LAPSE"]) > 5
    assert used_of(database, HOT)[2:] == (LIMIT, LIMIT * 200)
    assert agrees(database)


@pytest.mark.parametrize("money", [19_999, 20_000])
def test_the_last_of_the_money_is_found_in_whatever_shard_it_lies(database_url: str, money: int) -> None:
    """Amounts differ and the budget ends in the middle of one: what no order takes is less than any."""
    database = Database.at(database_url, pool_size=8)
    codes = prepared(database, customers=300, budget=Budget(limit_minor=money))

    def attempt(place: int) -> int:
        order = Basket(order_minor=1000 + 10 * (place % 90), currency="GBP", order_id=f"o{place}")
        try:
            with database.writing() as transaction:
                return redemption.redeem(transaction, make_cause(), codes[place], order).discount_minor
        except BudgetExhausted:
            return 0

    with ThreadPoolExecutor(8) as threads:
        taken = sum(threads.map(attempt, range(300)))

    assert money - 100 < taken <= money
    assert used_of(database, HOT)[3] == taken
    assert agrees(database)
    database.close()


def test_a_budget_that_is_lowered_and_raised_beside_tills_is_used_up_and_never_exceeded(database_url: str) -> None:
    database = Database.at(database_url, pool_size=8)
    codes = prepared(database, customers=300, budget=Budget(limit_minor=50_000))

    with ThreadPoolExecutor(6) as threads:
        tills = [threads.submit(insisted, database, Attempt(code, "KEEP")) for code in codes[:100]]
        while used_of(database, HOT)[3] < 3_000:
            time.sleep(0.001)
        lowered = [amended(database, 20_000)]
        tills += [threads.submit(insisted, database, Attempt(code, "KEEP")) for code in codes[100:]]
        lowered += [amended(database, minor) for minor in (9_000, 4_000)]
        used = used_of(database, HOT)[3]
        raised = amended(database, lowered[-1] + 2_000)
        outcomes = Counter(till.result() for till in tills)

    assert used <= lowered[-1] <= 20_000
    assert set(outcomes) <= {"KEEP", BudgetExhausted.reason}
    assert used_of(database, HOT)[3] == 200 * outcomes["KEEP"]
    for code in codes:
        attempted(database, Attempt(code, "KEEP"))
    assert used_of(database, HOT)[3] == raised // 200 * 200, "what is left is given to whoever comes later"
    assert agrees(database)
    database.close()


def test_a_till_goes_by_the_budget_of_now_and_not_by_the_one_that_it_read(database: Database) -> None:
    prepared(database, customers=1, budget=Budget(limit_minor=20_000))
    with database.reading() as snapshot:
        read = campaigns.get(snapshot, HOT)
    entry = Entry(
        key="redeem/1", kind=booking.Kind.REDEEM, time=NOW, campaign_id=HOT, shard=3, code="c",
        change=Amounts(spent_count=1, spent_minor=200),
    )  # fmt: skip

    assert amended(database, 199) == 199

    with database.writing() as transaction, pytest.raises(BudgetExhausted) as refused:
        booking.book(transaction, read, entry)
    assert refused.value.metadata["left_minor"] == "199"
    assert "has 1.99 GBP of its budget left, this takes 2.00 GBP" in refused.value.message
    assert amended(database, 200) == 200
    with database.writing() as transaction:
        booking.book(transaction, read, entry)


def test_nobody_is_refused_while_another_shard_has_something_left(database: Database) -> None:
    codes = prepared(database, customers=41, budget=Budget(limit_minor=40 * 200))
    *first, last = sorted(codes, key=lambda code: shards.home(code, shards.SHARDS))

    assert [attempted(database, Attempt(code, "KEEP")) for code in first] == ["KEEP"] * 40

    assert attempted(database, Attempt(last, "KEEP")) == BudgetExhausted.reason
    assert agrees(database)


@pytest.mark.parametrize("later", [timedelta(), timedelta(hours=1)], ids=["held", "lapsed"])
def test_who_makes_room_for_a_grown_order_waits_for_the_first_shard_and_holds_no_later_one(
    database: Database, later: timedelta
) -> None:
    code = next(
        code
        for code in prepared(database, customers=40, budget=Budget(limit_minor=100 * shards.SHARDS))
        if shards.home(code, shards.SHARDS) > 0
    )
    shard = "SELECT FROM budget_shards WHERE shard = :shard FOR UPDATE"
    small = Basket(order_minor=500, currency="GBP", order_id="o1")
    with database.writing() as transaction:
        reservation.reserve(transaction, make_cause(), code, small)

    def grow() -> int:
        grown = replace(small, order_minor=2000)
        with database.writing() as transaction:
            return reservation.reserve(transaction, make_cause(NOW + later), code, grown).discount_minor

    with ThreadPoolExecutor(1) as other, database.writing() as first:
        first.execute(text(shard), {"shard": 0})
        growing = other.submit(grow)
        assert blocks_somebody(first)
        first.execute(text(f"{shard} NOWAIT"), {"shard": shards.home(code, shards.SHARDS)})
        first.rollback()
        assert growing.result() == 200

    assert used_of(database, HOT) == (1, 200, 0, 0)
    assert agrees(database)


def test_tills_that_hold_their_own_lapsed_codes_anew_make_room_without_waiting_in_a_circle(database: Database) -> None:
    codes = prepared(database, customers=40, budget=Budget(limit_minor=100 * shards.SHARDS))
    tills = list({shards.home(code, shards.SHARDS): code for code in codes}.values())[:2]
    small = Basket(order_minor=500, currency="GBP", order_id="o")
    for code in tills:
        with database.writing() as transaction:
            reservation.reserve(transaction, make_cause(), code, replace(small, order_id=code))

    def grow(code: str) -> int:
        grown = replace(small, order_minor=2000, order_id=code)
        with database.writing() as transaction:
            return reservation.reserve(transaction, make_cause(NOW + timedelta(hours=1)), code, grown).discount_minor

    with ThreadPoolExecutor(2) as others, database.writing() as first:
        first.execute(text("SELECT FROM budget_shards FOR UPDATE"))
        growing = [others.submit(grow, code) for code in tills]
        assert blocks_somebody(first, number=2)
        first.rollback()
        assert [each.result() for each in growing] == [200, 200]

    assert used_of(database, HOT) == (2, 400, 0, 0)
    assert agrees(database)


def blocks_somebody(transaction: Transaction, *, number: int = 1) -> bool:
    """Whether so many come to wait for this transaction within a minute."""
    waiting = text(
        "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if transaction.execute(waiting).scalar_one() >= number:
            return True
        time.sleep(0.01)
    return False
