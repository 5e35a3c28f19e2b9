"""A shop's own codes are given out in the place of new ones, to the same customers and once."""

from dataclasses import replace

import pytest
from made.campaigns import (
    add_customers,
    audit_lines,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    finish_launch,
    issued_codes,
    make_cause,
    store_scores,
)
from running.databases import filled_once
from sqlalchemy import text

from campaigns.coupons import own_codes, redemption
from campaigns.coupons.codes import LENGTH, mint, normalise
from campaigns.coupons.own_codes import OwnCode
from campaigns.coupons.refusals import CodesNotAccepted, CodesRejected
from campaigns.customers import erasure
from campaigns.forecast import dry_run
from campaigns.life import campaigns, drafts
from campaigns.life.refusals import CampaignNotFound
from campaigns.terms.basket import Basket
from campaigns.terms.recurrence import Recurrence
from campaigns.terms.refusals import InvalidCampaign
from database.coupons import reconciliation
from database.coupons.own_codes import Added, Rejection
from database.session import Database

CROWD = ["anna", "bert", "carl", "dora"]


@filled_once
def shop(database: Database) -> None:
    """Four customers, and a campaign for them all that is not launched."""
    add_customers(database, [*CROWD, "zoe"])
    store_scores(database, dict.fromkeys(CROWD, 9000))
    create_campaign(database)


def take_in(database: Database, *rows: OwnCode, campaign_id: str = "spring", all_or_nothing: bool = False) -> Added:
    with database.writing() as transaction:
        return own_codes.take_in(transaction, make_cause(), campaign_id, rows, all_or_nothing=all_or_nothing)


def waiting(database: Database) -> set[tuple[str, str | None]]:
    with database.reading() as snapshot:
        rows = snapshot.execute(text("SELECT code, customer_id FROM own_codes"))
        return {(code, customer_id) for code, customer_id in rows}


def test_customers_get_their_own_code_or_the_next_one_and_the_rest_get_new_ones(shop: Database) -> None:
    take_in(
        shop, OwnCode("spring-card-1"), OwnCode("vip-for-bert", "bert"), OwnCode("spring-card-2"),
        OwnCode("vip-for-zoe", "zoe"),
    )  # fmt: skip

    launched = finish_launch(shop, begin_launch(shop))

    assert launched.response is not None
    assert launched.response["own_codes_left_count"] == 1
    given = codes_of(shop)
    assert given.keys() == set(CROWD)
    assert [given[customer] for customer in CROWD[:3]] == ["SPR1NGCARD1", "V1PF0RBERT", "SPR1NGCARD2"]
    assert normalise(given["dora"]) == given["dora"]
    assert len(given["dora"]) == LENGTH
    assert waiting(shop) == {("V1PF0RZ0E", "zoe")}, "zoe is not in the audience"


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ((), 0),
        ((OwnCode("VIPFORANNA", "anna"), OwnCode("VIPFORZOE", "zoe")), 1),
        (tuple(OwnCode(f"SPRINGCARD{number}") for number in range(7)), 3),
        ((OwnCode("VIPFORANNA", "anna"), *(OwnCode(f"SPRINGCARD{number}") for number in range(4))), 1),
    ],
)
def test_a_preview_foresees_how_many_nobody_gets(shop: Database, rows: tuple[OwnCode, ...], left: int) -> None:
    take_in(shop, *rows)

    with shop.writing() as transaction:
        shown = dry_run.preview(transaction, make_cause(), "spring", size=1)
    launched = finish_launch(shop, begin_launch(shop))

    assert launched.response is not None
    assert (shown.own_codes_left, launched.response["own_codes_left_count"]) == (left, left)


def test_a_code_from_elsewhere_counts_as_any_other(shop: Database) -> None:
    take_in(shop, OwnCode("Spring-Card-1", "anna"))
    finish_launch(shop, begin_launch(shop))
    basket = Basket(order_id="o1", order_minor=2000, currency="GBP", customer_id="anna")

    with shop.writing() as transaction:
        used = redemption.redeem(transaction, make_cause(), " SPRING card l ", basket)

    assert (used.code, used.discount_minor) == ("SPR1NGCARD1", 200)
    with shop.reading() as snapshot:
        figures = reconciliation.figures(snapshot, after="", limit=9, only="spring")
    assert [each for each in figures if each.truth != each.counter] == []
    assert counts(shop, "coupons", "ledger") == (4, 1)


def test_the_same_rows_again_change_nothing(shop: Database) -> None:
    rows = (OwnCode("SPRINGCARD1"), OwnCode("SPRINGCARD2", "bert"))
    assert take_in(shop, *rows) == Added(imported=2, known=0, rejected=0, rejections=[])
    before = waiting(shop)

    assert take_in(shop, *rows, all_or_nothing=True) == Added(imported=0, known=2, rejected=0, rejections=[])

    assert waiting(shop) == before
    assert audit_lines(shop)[-2:] == [("coupons.import", "campaigns/spring", "OK")] * 2


BAD = (
    OwnCode("CARD0001"),
    OwnCode("short", "anna"),
    OwnCode("CARD0003!"),
    OwnCode("0000-0000-0000-1"),
    OwnCode("CARDOOOI"),
    OwnCode("CARD0006", "nobody"),
    OwnCode("CARD0007", "anna"),
    OwnCode("CARD0008", "anna"),
    OwnCode("TAKEN001"),
    OwnCode("CARD0010", "bert"),
    OwnCode(""),
)
REJECTIONS = [
    Rejection(2, "code", "INVALID_CODE"),
    Rejection(3, "code", "INVALID_CODE"),
    Rejection(4, "code", "INVALID_CODE"),
    Rejection(5, "code", "REPEATED_CODE"),
    Rejection(6, "customer", "CUSTOMER_NOT_FOUND"),
    Rejection(8, "customer", "REPEATED_CUSTOMER"),
    Rejection(9, "code", "CODE_TAKEN"),
    Rejection(10, "customer", "CUSTOMER_HAS_CODE"),
    Rejection(11, "code", "INVALID_CODE"),
]


def test_bad_rows_are_told_by_number_field_and_reason_and_the_good_ones_stay(shop: Database) -> None:
    create_campaign(shop, "other")
    take_in(shop, OwnCode("TAKEN001"), campaign_id="other")
    take_in(shop, OwnCode("BERTSOLD", "bert"))

    assert take_in(shop, *BAD) == Added(imported=2, known=0, rejected=9, rejections=REJECTIONS)

    assert waiting(shop) == {("TAKEN001", None), ("BERTS01D", "bert"), ("CARD0001", None), ("CARD0007", "anna")}


def test_one_bad_row_refuses_all_where_it_is_all_or_nothing(shop: Database) -> None:
    lines = audit_lines(shop)

    with pytest.raises(CodesRejected, match="row 2, customer: CUSTOMER_NOT_FOUND") as refused:
        take_in(shop, OwnCode("CARD0001"), OwnCode("CARD0002", "nobody"), all_or_nothing=True)

    assert refused.value.metadata == {"campaign": "campaigns/spring", "rejected_count": "1"}
    assert (waiting(shop), audit_lines(shop)) == (set(), lines)


def test_a_code_that_was_issued_is_taken(database: Database) -> None:
    code = issued_codes(database, ["anna"])["anna"]
    create_campaign(database, "other")

    found = take_in(database, OwnCode(code), OwnCode(mint(1)[0]), campaign_id="other")

    assert found == Added(imported=1, known=0, rejected=1, rejections=[Rejection(1, "code", "CODE_TAKEN")])


def test_codes_come_before_the_launch_and_not_to_a_series(shop: Database) -> None:
    create_campaign(shop, "weekly", recurrence=Recurrence(cron="0 9 * * MON", days=1))
    begin_launch(shop)

    for campaign_id, refusal, told in (
        ("spring", CodesNotAccepted, "is LAUNCHING: codes are taken in before the launch"),
        ("weekly", CodesNotAccepted, "is a series"),
        ("nothing", CampaignNotFound, "there is no"),
    ):
        with pytest.raises(refusal, match=told):
            take_in(shop, OwnCode("CARD0001"), campaign_id=campaign_id)
    assert waiting(shop) == set()


def test_a_campaign_with_codes_does_not_become_a_series_before_they_are_withdrawn(shop: Database) -> None:
    take_in(shop, OwnCode("CARD0001"), OwnCode("CARD0002", "bert"))
    weekly = Recurrence(cron="0 9 * * MON", days=1)
    before = audit_lines(shop)

    with pytest.raises(InvalidCampaign, match="withdraw them first") as refused, shop.writing() as transaction:
        drafts.update(transaction, make_cause(), "spring", lambda plan: replace(plan, recurrence=weekly))

    assert refused.value.metadata["field"] == "recurrence"
    assert (len(waiting(shop)), audit_lines(shop)) == (2, before)
    with shop.writing() as transaction:
        assert own_codes.withdraw(transaction, make_cause(), "spring") == 2
        assert own_codes.withdraw(transaction, make_cause(), "spring") == 0
        drafts.update(transaction, make_cause(), "spring", lambda plan: replace(plan, recurrence=weekly))
    assert waiting(shop) == set()
    withdrawn = ("coupons.withdraw", "campaigns/spring", "OK")
    assert audit_lines(shop)[len(before) :] == [withdrawn, withdrawn, ("campaigns.update", "campaigns/spring", "OK")]


def test_codes_are_withdrawn_before_the_launch_only(shop: Database) -> None:
    take_in(shop, OwnCode("CARD0001"))
    begin_launch(shop)

    with pytest.raises(CodesNotAccepted, match="is LAUNCHING"), shop.writing() as transaction:
        own_codes.withdraw(transaction, make_cause(), "spring")

    assert waiting(shop) == {("CARD0001", None)}


def test_codes_that_nobody_got_are_free_for_the_next_campaign_when_theirs_ends(shop: Database) -> None:
    take_in(shop, OwnCode("CARD0001", "anna"), OwnCode("CARD0002", "zoe"))
    finish_launch(shop, begin_launch(shop))
    assert waiting(shop) == {("CARD0002", "zoe")}

    with shop.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")

    assert waiting(shop) == set()
    create_campaign(shop, "summer")
    assert take_in(shop, OwnCode("CARD0001"), OwnCode("CARD0002"), campaign_id="summer") == Added(
        imported=1, known=0, rejected=1, rejections=[Rejection(1, "code", "CODE_TAKEN")]
    )


def test_who_is_forgotten_has_no_code_waiting(shop: Database) -> None:
    take_in(shop, OwnCode("CARD0001", "anna"), OwnCode("CARD0002", "bert"))

    with shop.writing() as transaction:
        erasure.begin(transaction, make_cause(), "anna")

    assert waiting(shop) == {("CARD0002", "bert")}
