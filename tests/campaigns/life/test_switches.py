"""While the kill switch is on nothing is given away, and afterwards everything goes on where it stood still."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from made.campaigns import (
    NOW,
    audit_lines,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    finish_launch,
    issue_chunk,
    issued_codes,
    ledger_of,
    make_cause,
    read_operation,
    store_scores,
)
from running.lock_waits import somebody_waits

from campaigns.coupons import issuance, redemption, refunding, reservation
from campaigns.life import campaigns, drafts, switches
from campaigns.life.refusals import CampaignNotEditable, CampaignNotFound, CouponsStopped
from campaigns.life.switches import Stop
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import State
from campaigns.terms.refusals import CouponSuspended, InvalidCampaign
from database.life.stops import EVERYTHING
from database.session import Database

BASKET = Basket(order_id="o1", order_minor=2000, currency="GBP", customer_id="anna")
WRONG = make_cause(reason="prices are wrong")


def stop(database: Database, scope: str) -> Stop:
    with database.writing() as transaction:
        return switches.stop(transaction, WRONG, scope)


def allow(database: Database, scope: str) -> None:
    with database.writing() as transaction:
        switches.allow(transaction, make_cause(reason="prices are right"), scope)


@pytest.mark.parametrize("scope", [EVERYTHING, "spring"])
def test_nothing_is_reserved_or_redeemed_while_it_is_stopped(database: Database, scope: str) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    stop(database, scope)
    before = counts(database, "redemptions", "reservations", "ledger", "audit_log")

    told = "everything is stopped: prices are wrong" if scope == EVERYTHING else "campaigns/spring is stopped"
    with pytest.raises(CouponsStopped, match=told), database.writing() as transaction:
        redemption.redeem(transaction, make_cause(), code, BASKET)
    with pytest.raises(CouponsStopped), database.writing() as transaction:
        reservation.reserve(transaction, make_cause(), code, BASKET)
    with pytest.raises(CouponsStopped), database.reading() as snapshot:
        redemption.validate(snapshot, code, BASKET, NOW)
    assert counts(database, "redemptions", "reservations", "ledger", "audit_log") == before

    allow(database, scope)
    with database.writing() as transaction:
        assert redemption.redeem(transaction, make_cause(), code, BASKET).discount_minor == 200


def test_another_campaign_is_not_concerned(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    create_campaign(database, "summer")
    stop(database, "summer")

    with database.writing() as transaction:
        assert redemption.redeem(transaction, make_cause(), code, BASKET).discount_minor == 200


def test_what_was_given_can_be_given_back(database: Database) -> None:
    given = issued_codes(database, ["anna", "bert"])
    with database.writing() as transaction:
        used = redemption.redeem(transaction, make_cause(), given["anna"], BASKET)
        other = Basket(order_id="o2", order_minor=2000, currency="GBP", customer_id="bert")
        held = reservation.reserve(transaction, make_cause(), given["bert"], other)
    stop(database, EVERYTHING)

    with database.writing() as transaction:
        again = redemption.redeem(transaction, make_cause(), given["anna"], BASKET)
        reservation.release(transaction, make_cause(), held.reservation_id)
        refunding.refund(transaction, make_cause(), used.redemption_id, refund_id="r1", amount_minor=50)

    assert again == used, "it is told what it was told before"
    assert [kind for kind, *_ in ledger_of(database)] == ["REDEEM", "RESERVE", "RELEASE", "REFUND"]


@pytest.mark.parametrize("scope", [EVERYTHING, "spring"])
def test_a_launch_stands_still_at_every_step_and_goes_on_at_its_cursor(database: Database, scope: str) -> None:
    customers = ["anna", "bert", "carl"]
    store_scores(database, dict.fromkeys(customers, 9000))
    create_campaign(database)
    operation = begin_launch(database)
    issued: dict[str, str] = {}

    for expected in (0, 2, 3):
        stop(database, scope)
        held = read_operation(database, operation.operation_id)
        with pytest.raises(issuance.Held):
            issue_chunk(database, held)
        assert read_operation(database, operation.operation_id) == held
        assert codes_of(database) == issued
        waiting = counts(database, "outbox")[0]
        allow(database, scope)
        assert counts(database, "outbox") == (waiting + 1,), "the workers are told"
        issue_chunk(database, held)
        assert codes_of(database).items() >= issued.items()
        issued = codes_of(database)
        assert len(issued) == expected

    finish_launch(database, read_operation(database, operation.operation_id))
    assert codes_of(database) == issued
    with database.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
    assert (campaign.state, campaign.issued_count) == (State.ACTIVE, 3)


def test_a_pause_that_comes_while_a_redemption_is_under_way_is_seen(database: Database) -> None:
    issued_codes(database, ["anna"])
    with database.writing() as transaction:
        campaigns.pause(transaction, make_cause(), "spring")

    with pytest.raises(CouponSuspended, match="campaigns/spring is PAUSED"), database.reading() as snapshot:
        switches.refuse_if_stopped(snapshot, "spring")


def test_who_stopped_first_and_why_stays_and_each_press_is_on_record(database: Database) -> None:
    create_campaign(database)
    first = stop(database, EVERYTHING)
    with database.writing() as transaction:
        again = switches.stop(transaction, make_cause(name="ben", reason="me too"), EVERYTHING)
    stop(database, "spring")

    assert again == first == Stop(scope="-", reason="prices are wrong", stopped_by="operator:anna", stop_time=NOW)
    with database.reading() as snapshot:
        assert [each.scope for each in switches.page(snapshot, limit=9)] == ["-", "spring"]
        assert [each.scope for each in switches.page(snapshot, limit=9, after="-")] == ["spring"]
    for _ in range(2):
        allow(database, EVERYTHING)
    with database.reading() as snapshot:
        assert switches.is_stopped(snapshot, "spring"), "each stop is lifted by itself"
    assert audit_lines(database)[-4:] == [
        ("switches.stop", "campaigns/-", "OK"), ("switches.stop", "campaigns/-", "OK"),
        ("switches.stop", "campaigns/spring", "OK"), ("switches.allow", "campaigns/-", "OK"),
    ]  # fmt: skip


def test_what_lets_go_on_waits_for_a_stop_that_found_it_stopped(database: Database) -> None:
    """Else the stop would answer with what is gone by then."""
    create_campaign(database)
    first = stop(database, EVERYTHING)

    with ThreadPoolExecutor(1) as caller:
        with database.writing() as transaction:
            again = switches.stop(transaction, make_cause(name="ben", reason="me too"), EVERYTHING)
            allowed = caller.submit(allow, database, EVERYTHING)
            until_somebody_waits(database)
        allowed.result()

    assert again == first
    with database.reading() as snapshot:
        assert switches.page(snapshot, limit=9) == []


def until_somebody_waits(database: Database) -> None:
    for _ in range(500):
        if somebody_waits(database):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_a_stop_has_a_reason_and_something_to_stop(database: Database) -> None:
    with pytest.raises(InvalidCampaign) as refused, database.writing() as transaction:
        switches.stop(transaction, make_cause(reason=" "), EVERYTHING)
    assert refused.value.metadata["field"] == "reason"
    with pytest.raises(CampaignNotFound), database.writing() as transaction:
        switches.stop(transaction, WRONG, "spring")

    assert counts(database, "stops", "audit_log") == (0, 0)


def test_a_draft_that_is_stopped_is_not_deleted(database: Database) -> None:
    create_campaign(database)
    stop(database, "spring")

    with pytest.raises(CampaignNotEditable, match="the kill switch holds it"), database.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")

    allow(database, "spring")
    with database.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")
    assert counts(database, "campaigns", "stops") == (0, 0)
