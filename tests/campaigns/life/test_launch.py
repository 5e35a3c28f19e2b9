"""A launch freezes its audience, gives each of its customers one code, and can be stopped, repeated and killed."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from made.campaigns import (
    BY_MAIL,
    NOW,
    TEN_PERCENT,
    add_customers,
    approve_campaign,
    audit_lines,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    issue_chunk,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    state_of,
    store_scores,
)
from sqlalchemy import text

from campaigns import trail
from campaigns.coupons import codes, issuance
from campaigns.errors import Refusal
from campaigns.life import campaigns, launch
from campaigns.terms.campaign import Channel, State
from campaigns.terms.refusals import CampaignNotMovable, InvalidCampaign
from campaigns.tiers.refusals import CustomersNotScored
from database.coupons import chunks
from database.session import Database
from database.terms import campaigns as stored_campaigns
from database.work import operations


def test_a_launch_writes_operation_outbox_and_audit_together_or_nothing(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    create_campaign(database)
    approve_campaign(database)
    before = counts(database, "operations", "outbox", "audit_log")

    with suppress(KeyboardInterrupt), database.writing() as transaction:
        launch.launch(transaction, make_cause(), "spring")
        raise KeyboardInterrupt
    assert counts(database, "operations", "outbox", "audit_log") == before
    assert state_of(database) is State.APPROVED

    with database.writing() as transaction:
        operation = launch.launch(transaction, make_cause(), "spring")
    assert counts(database, "operations", "outbox", "audit_log") == tuple(number + 1 for number in before)
    assert state_of(database) is State.LAUNCHING
    assert (operation.kind, operation.request) == ("LAUNCH_CAMPAIGN", {"campaign_id": "spring"})
    with database.reading() as snapshot:
        (line,) = trail.page(snapshot, limit=1)
        assert line.object_version == campaigns.get(snapshot, "spring").revision
    assert (line.action, line.before) == ("campaigns.launch", {"state": "APPROVED"})
    assert line.after == {
        "operation": operation.operation_id, "campaign_id": "spring", "state": "LAUNCHING", "version": 1,
    }  # fmt: skip


def test_each_customer_of_an_offered_tier_gets_one_code_with_what_it_was_decided_from(database: Database) -> None:
    add_customers(database, ["anna", "bert", "carl", "dora"], consented=["email"])
    store_scores(database, {"anna": 9000, "bert": 2000, "carl": 10, "dora": 9001})

    operation = launch_campaign(database, make_plan(offers=(TEN_PERCENT, BY_MAIL)))

    issued = codes_of(database)
    assert set(issued) == {"anna", "bert", "dora"}
    assert [codes.normalise(code) for code in issued.values()] == list(issued.values())
    with database.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
        audience = snapshot.execute(
            text("SELECT customer_id, tier, tier_scheme, model_id, spend_minor FROM audiences ORDER BY 1")
        )
        assert [tuple(row) for row in audience] == [
            ("anna", "HIGH", 1, "m1", 9000), ("bert", "MID", 1, "m1", 2000), ("dora", "HIGH", 1, "m1", 9001),
        ]  # fmt: skip
        terms = snapshot.execute(text("SELECT customer_id, tier, channel, discount, state FROM coupons ORDER BY 1"))
        assert [tuple(row) for row in terms][1] == (
            "bert", "MID", "EMAIL", {"kind": "FIXED", "amount_minor": 500}, "ISSUED",
        )  # fmt: skip
    assert (campaign.state, campaign.issued_count) == (State.ACTIVE, 3)
    assert (operation.state, operation.done_count, operation.total_count) == ("SUCCEEDED", 3, 3)
    assert operation.response == {
        "campaign_id": "spring",
        "issued_count": 3,
        "held_out_count": 0,
        "collision_count": 0,
        "own_codes_left_count": 0,
        "over_budget_count": 0,
        "audience": {"HIGH": 2, "MID": 1},
        "excluded": {},
    }
    assert audit_lines(database)[-3:] == [
        ("campaigns.launch", "campaigns/spring", "OK"),
        ("campaigns.activate", "campaigns/spring", "OK"),
        ("campaigns.launch.finish", "campaigns/spring", "OK"),
    ]


@pytest.mark.parametrize(
    ("channel", "reached"),
    [
        (Channel.ON_SITE, {"by-mail", "by-phone", "silent"}),
        (Channel.EMAIL, {"by-mail"}),
        (Channel.SMS, {"by-phone"}),
        (Channel.PUSH, set()),
    ],
)
def test_a_channel_that_addresses_someone_needs_consent(
    database: Database, channel: Channel, reached: set[str]
) -> None:
    add_customers(database, ["by-mail"], consented=["email"])
    add_customers(database, ["by-phone"], consented=["SMS"])
    add_customers(database, ["silent"])
    store_scores(database, {"by-mail": 9000, "by-phone": 9000, "silent": 9000})

    operation = launch_campaign(database, make_plan(offers=(replace(TEN_PERCENT, channel=channel),)))

    assert set(codes_of(database)) == reached
    assert operation.state == "SUCCEEDED"


def test_the_audience_stays_as_it_was_when_scores_change(database: Database) -> None:
    store_scores(database, {"anna": 9000, "bert": 10})
    create_campaign(database)
    operation = begin_launch(database)
    issue_chunk(database, operation)

    with database.writing() as transaction:
        transaction.execute(text("UPDATE scores SET tier = CASE customer_id WHEN 'bert' THEN 'HIGH' ELSE 'LOW' END"))
    while not (operation := read_operation(database, operation.operation_id)).done:
        issue_chunk(database, operation)

    assert set(codes_of(database)) == {"anna"}


@pytest.mark.parametrize(
    ("scored", "now", "refusal"),
    [
        pytest.param(True, NOW + timedelta(days=30), InvalidCampaign, id="over-already"),
        pytest.param(False, NOW, CustomersNotScored, id="no-scores"),
    ],
)
def test_a_launch_that_could_reach_nobody_is_refused(
    database: Database, now: datetime, *, scored: bool, refusal: type[Refusal]
) -> None:
    add_customers(database, ["anna"])
    if scored:
        store_scores(database, {"anna": 9000})
    create_campaign(database)
    approve_campaign(database)
    before = counts(database, "operations", "outbox", "audit_log")

    with pytest.raises(refusal), database.writing() as transaction:
        launch.launch(transaction, make_cause(now), "spring")

    assert counts(database, "operations", "outbox", "audit_log") == before
    assert state_of(database) is State.APPROVED


def test_a_second_launch_is_refused_while_the_first_runs_and_after(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    create_campaign(database)
    operation = begin_launch(database)

    with pytest.raises(CampaignNotMovable) as refused, database.writing() as transaction:
        launch.launch(transaction, make_cause(), "spring")
    assert refused.value.metadata["operation"] == operation.name

    while not (operation := read_operation(database, operation.operation_id)).done:
        issue_chunk(database, operation)
    with pytest.raises(CampaignNotMovable, match="ACTIVE and cannot launch"), database.writing() as transaction:
        launch.launch(transaction, make_cause(), "spring")
    assert counts(database, "coupons") == (1,)


def test_a_chunk_that_is_done_twice_issues_once(database: Database) -> None:
    store_scores(database, {"anna": 9000, "bert": 9000, "carl": 9000})
    create_campaign(database)
    begun = begin_launch(database)

    assert issue_chunk(database, begun)
    assert not issue_chunk(database, begun)
    frozen = read_operation(database, begun.operation_id)
    assert issue_chunk(database, frozen)
    first = codes_of(database)
    assert not issue_chunk(database, frozen)

    assert codes_of(database) == first
    assert set(first) == {"anna", "bert"}
    assert read_operation(database, begun.operation_id).done_count == 2


def test_a_code_that_is_taken_is_replaced(database: Database) -> None:
    store_scores(database, {"anna": 9000, "bert": 9000, "carl": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    issue_chunk(database, operation)
    operation = read_operation(database, operation.operation_id)
    one, *others = codes.mint(4)
    drawn = iter([[one, one, others[0]], [one], [others[1]]])

    with database.writing() as transaction:
        chunk = chunks.following(transaction, "spring", after="", limit=9)
        assert chunk is not None
        assert issuance.issue(transaction, operation, chunk, NOW, mint=lambda _count: next(drawn))

    assert set(codes_of(database)) == {"anna", "bert", "carl"}
    assert set(codes_of(database).values()) == {one, others[0], others[1]}
    with database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring").issued_count == 3
        assert stored_campaigns.collisions(snapshot, "spring") == 2


def test_no_table_is_read_again_for_each_row_that_is_added_to_it(database: Database) -> None:
    """An empty table that was analysed looks as if reading it were free, and is not empty a moment later."""
    customers = [f"c{number:04}" for number in range(2000)]
    store_scores(database, dict.fromkeys(customers, 9000))
    create_campaign(database)
    approve_campaign(database)
    for table in ("audiences", "coupons"):
        database.vacuum(table)
    scans = text("SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE relname IN ('audiences', 'coupons')")

    with database.writing() as transaction:
        operation = launch.launch(transaction, make_cause(), "spring")
        assert issuance.freeze(transaction, operation, NOW)
        chunk = chunks.following(transaction, "spring", after="", limit=2000)
        frozen = operations.get(transaction, operation.operation_id)
        assert chunk is not None
        assert frozen is not None
        assert issuance.issue(transaction, frozen, chunk, NOW)
        assert transaction.execute(scans).scalar_one() < 10

    assert sorted(codes_of(database)) == customers
