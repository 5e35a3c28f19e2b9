"""Whatever happens to coupons, the ledger and the counters agree; and whatever does not agree is found and named."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made.campaigns import (
    NOW,
    audit_lines,
    codes_of,
    counts,
    issued_codes,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    store_scores,
)
from sqlalchemy import text

from campaigns.coupons import reconciliation, redemption, refunding, reservation
from campaigns.errors import Refusal
from campaigns.life import drafts
from campaigns.life.refusals import CampaignNotFound
from campaigns.terms.basket import Basket
from campaigns.terms.limits import Budget
from database.coupons.reconciliation import Verdict, verdicts
from database.session import Database
from database.work.duties import Duty
from worker.clock.schedule import nightly, sweep_reservations

BASKET = Basket(order_minor=2000, currency="GBP", order_id="o1")
CUSTOMERS = ["anna", "bert", "cleo"]
NUMBERS = itertools.count(1)


def reconciled(database: Database, campaign_id: str | None = None) -> list[Verdict]:
    """What a comparison said, by campaign."""
    with database.writing() as transaction:
        operation = reconciliation.begin(transaction, make_cause(), campaign_id=campaign_id)
    while not operation.done:
        with database.reading() as snapshot:
            found = reconciliation.compare(snapshot, operation)
        with database.writing() as transaction:
            assert reconciliation.keep(transaction, operation, found, make_cause())
        operation = read_operation(database, operation.operation_id)
    with database.reading() as snapshot:
        return verdicts(snapshot, operation.operation_id)


def test_a_draft_and_a_campaign_in_use_agree(database: Database) -> None:
    codes = issued_codes(database, CUSTOMERS, redemption_limit=2_000)
    with database.writing() as transaction:
        drafts.create(transaction, make_cause(), "draft", make_plan())
        reservation.reserve(transaction, make_cause(), codes["anna"], BASKET)
        redemption.redeem(transaction, make_cause(), codes["bert"], BASKET)

    draft, spring = reconciled(database)

    assert draft == Verdict("draft", 6, [])
    assert spring == Verdict("spring", 6 + 2 + 16 * 4, [])
    assert audit_lines(database)[-1][::2] == ("ledgers.reconcile.finish", "OK")


PLANTED = [
    ("UPDATE budget_shards SET spent_minor = spent_minor + 1", "spent_minor of shard 0", 200, 201),
    ("UPDATE budget_shards SET reserved_count = 0", "reserved_count of shard 0", 1, 0),
    ("UPDATE budget_shards SET quota_count = quota_count + 1", "limit on redemptions", 5, 6),
    ("UPDATE redemptions SET refunded_minor = 50", "money of redemptions less refunds", 200, 150),
    ("UPDATE reservations SET state = 'RELEASED'", "reservations held", 1, 0),
    ("UPDATE coupons SET state = 'REDEEMED'", "coupons redeemed", 1, 3),
    ("DELETE FROM coupons WHERE customer_id = 'cleo'", "coupons issued", 2, 3),
    ("DELETE FROM budget_shards", "spent_count of shard 0", 1, 0),
]


@pytest.mark.parametrize(("statement", "figure", "truth", "counter"), PLANTED)
def test_a_planted_difference_is_named_with_its_campaign_and_figures(
    database: Database, statement: str, figure: str, truth: int, counter: int
) -> None:
    codes = issued_codes(database, CUSTOMERS, redemption_limit=5)
    with database.writing() as transaction:
        reservation.reserve(transaction, make_cause(), codes["anna"], BASKET)
        redemption.redeem(transaction, make_cause(), codes["bert"], replace(BASKET, order_id="o2"))
    with database.writing() as transaction:
        transaction.execute(text(statement))

    (spring,) = reconciled(database, "spring")

    assert {"figure": figure, "truth": truth, "counter": counter} in spring.differences
    with database.reading() as snapshot:
        line = snapshot.execute(text("SELECT outcome, after FROM audit_log ORDER BY audit_id DESC LIMIT 1")).one()
    assert line.outcome == "FAILED"
    assert "campaigns/spring: " in line.after["error"]


def test_an_unknown_campaign_cannot_be_compared(database: Database) -> None:
    with pytest.raises(CampaignNotFound):
        reconciled(database, "nothing")

    assert counts(database, "operations", "reconciliations") == (0, 0)


def test_two_clocks_compare_once_a_night(database: Database) -> None:
    due = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

    begun = [
        nightly(
            database, Duty.BEGIN_COMPARISON, reconciliation.begin_due, at=time(3), now=due + timedelta(seconds=second)
        )
        for second in (5, 6, 65)
    ]

    assert begun[0] is not None
    assert (begun[0].operation_id, begun[1:]) == ("reconcile-2026-11-20T03-00Z", [None, None])
    assert (
        nightly(database, Duty.BEGIN_COMPARISON, reconciliation.begin_due, at=time(3), now=due + timedelta(hours=2))
        is None
    )
    assert counts(database, "operations", "outbox") == (1, 1)


def test_the_clock_sweeps_every_campaign(database: Database) -> None:
    codes = issued_codes(database, CUSTOMERS)
    for number, code in enumerate(codes.values()):
        with database.writing() as transaction:
            basket = replace(BASKET, order_id=f"o{number}")
            reservation.reserve(transaction, make_cause(NOW + number * timedelta(minutes=4)), code, basket)

    swept = [sweep_reservations(database, NOW + minutes * timedelta(minutes=1)) for minutes in (9, 14, 14, 60)]

    assert swept == [0, 2, 0, 1]
    assert ("coupons.expire", "campaigns/spring", "OK") in audit_lines(database)
    assert [verdict.differences for verdict in reconciled(database)] == [[]]


steps = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "redeem", "release", "refund", "sweep"]),
        st.sampled_from(CUSTOMERS),
        st.sampled_from(["o1", "o2"]),
        st.integers(1, 60),
        st.integers(0, 15),
    ),
    max_size=25,
)


@given(steps=steps, gives_back=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_to_coupons_ledger_and_counters_agree(
    database: Database, steps: list[tuple[str, str, str, int, int]], *, gives_back: bool
) -> None:
    campaign_id = f"spring-{next(NUMBERS)}"
    if counts(database, "customers") == (0,):
        store_scores(database, dict.fromkeys(CUSTOMERS, 100), high=50, mid=10)
    limits = {"redemption_limit": 2, "budget": Budget(limit_minor=450), "refund_gives_code_back": gives_back}
    launch_campaign(database, make_plan(**limits), campaign_id)
    codes = codes_of(database, campaign_id)
    now, held, used = NOW, ["none"], ["none"]
    for number, (step, customer, order_id, pounds, minutes) in enumerate(steps):
        now += timedelta(minutes=minutes)
        cause, basket = make_cause(now), Basket(order_minor=100 * pounds, currency="GBP", order_id=order_id)
        try:
            with database.writing() as transaction:
                if step == "reserve":
                    held.append(reservation.reserve(transaction, cause, codes[customer], basket).reservation_id)
                elif step == "redeem":
                    used.append(redemption.redeem(transaction, cause, codes[customer], basket).redemption_id)
                elif step == "release":
                    reservation.release(transaction, cause, held[-1])
                elif step == "refund":
                    refunding.refund(transaction, cause, used[-1], refund_id=f"r{number}", amount_minor=pounds)
                else:
                    reservation.sweep(transaction, cause, campaign_id, limit=100)
        except Refusal:
            continue

    assert [verdict.differences for verdict in reconciled(database, campaign_id)] == [[]]
