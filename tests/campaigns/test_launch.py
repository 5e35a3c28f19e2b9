"""A launch freezes its audience, gives each of its customers one code, and can be stopped, repeated and killed."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from campaign_factories import (
    NOW,
    TEN_PERCENT,
    add_customers,
    approve_campaign,
    audit_lines,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    finish_launch,
    issue_chunk,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    store_scores,
)
from sqlalchemy import text

from campaigns.coupons import codes, issuance
from campaigns.errors import Refusal
from campaigns.life import launch
from campaigns.life.refusals import CampaignChanged, CampaignExists, CampaignNotEditable, CampaignNotFound
from campaigns.terms.campaign import Channel, Move, Offer, State
from campaigns.terms.discount import Discount, Fixed, Percent
from campaigns.terms.refusals import CampaignNotMovable, InvalidCampaign
from campaigns.tiers.refusals import CustomersNotScored
from campaigns.tiers.tiers import Tier
from campaigns.work import jobs
from campaigns.work.refusals import OperationNotFound, OperationRunning
from database.coupons import chunks
from database.session import Database
from database.terms import campaigns
from database.work import operations

BY_MAIL = Offer(tier=Tier.MID, discount=Discount(reward=Fixed(amount_minor=500)), channel=Channel.EMAIL)


def state_of(database: Database) -> State:
    with database.reading() as snapshot:
        return launch.get(snapshot, "spring").state


def test_a_campaign_is_kept_as_it_was_planned(database: Database) -> None:
    plan = make_plan(offers=(TEN_PERCENT, BY_MAIL), zone="Europe/London", redemption_limit=7)
    with database.writing() as transaction:
        created = launch.create(transaction, make_cause(reason="easter"), "spring", plan)

    with database.reading() as snapshot:
        assert launch.get(snapshot, "spring") == created
        assert launch.page(snapshot, limit=5) == [created]
        logged = snapshot.execute(text("SELECT actor, action, object_name, reason, before, after FROM audit_log")).one()
    assert (created.plan, created.state, created.etag) == (plan, State.DRAFT, "1")
    assert tuple(logged)[:5] == ("operator:anna", "campaigns.create", "campaigns/spring", "easter", None)
    assert logged.after["offers"]["MID"] == {
        "channel": "EMAIL",
        "discount": {"kind": "FIXED", "amount_minor": 500},
        "fallbacks": [],
    }


def test_a_name_is_taken_once(database: Database) -> None:
    create_campaign(database)

    with database.writing() as transaction, pytest.raises(CampaignExists):
        launch.create(transaction, make_cause(), "spring", make_plan(display_name="Other"))

    with database.reading() as snapshot:
        assert launch.get(snapshot, "spring").plan.display_name == "Spring"


def test_pages_walk_every_campaign_once_newest_first(database: Database) -> None:
    for place in range(5):
        with database.writing() as transaction:
            launch.create(transaction, make_cause(NOW + timedelta(minutes=place // 2)), f"c{place}", make_plan())

    seen: list[str] = []
    after = None
    with database.reading() as snapshot:
        while page := launch.page(snapshot, limit=2, after=after):
            seen += [campaign.campaign_id for campaign in page]
            after = (page[-1].create_time, page[-1].campaign_id)

    assert seen == ["c4", "c3", "c2", "c1", "c0"]


def test_a_draft_can_be_changed_and_deleted(database: Database) -> None:
    create_campaign(database)
    with database.writing() as transaction:
        changed = launch.update(
            transaction, make_cause(), "spring", lambda plan: replace(plan, display_name="Summer"), etag="1"
        )
    assert (changed.plan.display_name, changed.etag) == ("Summer", "2")

    with database.writing() as transaction, pytest.raises(CampaignChanged) as refused:
        launch.delete(transaction, make_cause(), "spring", etag="1")
    assert refused.value.metadata == {"campaign": "campaigns/spring", "etag": "1", "current_etag": "2"}
    assert counts(database, "campaigns") == (1,)

    with database.writing() as transaction:
        launch.delete(transaction, make_cause(), "spring", etag="2")
    assert counts(database, "campaigns") == (0,)
    assert [action for action, _, _ in audit_lines(database)] == [
        "campaigns.create", "campaigns.update", "campaigns.delete",
    ]  # fmt: skip
    assert counts(database, "campaign_versions") == (2,)


def test_a_launch_writes_operation_outbox_and_audit_together_or_nothing(database: Database) -> None:
    add_customers(database, ["anna"])
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


def test_each_customer_of_an_offered_tier_gets_one_code_with_what_it_was_decided_from(database: Database) -> None:
    add_customers(database, ["anna", "bert", "carl", "dora"], consented=["email"])
    store_scores(database, {"anna": 9000, "bert": 2000, "carl": 10, "dora": 9001})

    operation = launch_campaign(database, make_plan(offers=(TEN_PERCENT, BY_MAIL)))

    issued = codes_of(database)
    assert set(issued) == {"anna", "bert", "dora"}
    assert [codes.normalise(code) for code in issued.values()] == list(issued.values())
    with database.reading() as snapshot:
        campaign = launch.get(snapshot, "spring")
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
    add_customers(database, ["anna", "bert"])
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
    add_customers(database, ["anna"])
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
    add_customers(database, ["anna", "bert", "carl"])
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
    add_customers(database, ["anna", "bert", "carl"])
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
        assert launch.get(snapshot, "spring").issued_count == 3
        assert campaigns.collisions(snapshot, "spring") == 2


def test_no_table_is_read_again_for_each_row_that_is_added_to_it(database: Database) -> None:
    """An empty table that was analysed looks as if reading it were free, and is not empty a moment later."""
    customers = [f"c{number:04}" for number in range(2000)]
    add_customers(database, customers)
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


def test_ending_a_campaign_stops_its_launch(database: Database) -> None:
    add_customers(database, ["anna", "bert", "carl"])
    store_scores(database, {"anna": 9000, "bert": 9000, "carl": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    issue_chunk(database, operation)

    with database.writing() as transaction:
        ended = launch.end(transaction, make_cause(), "spring")
    issue_chunk(database, read_operation(database, operation.operation_id))

    assert ended.state is State.ENDED
    assert read_operation(database, operation.operation_id).state == "CANCELLED"
    assert counts(database, "coupons") == (0,)


def test_a_pause_holds_the_launch_and_resuming_goes_on_where_it_stopped(database: Database) -> None:
    add_customers(database, ["anna", "bert", "carl"])
    store_scores(database, {"anna": 9000, "bert": 9000, "carl": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    for _ in range(2):
        issue_chunk(database, read_operation(database, operation.operation_id))
    issued = codes_of(database)
    with database.writing() as transaction:
        assert launch.pause(transaction, make_cause(), "spring").state is State.PAUSED
    held = read_operation(database, operation.operation_id)

    with pytest.raises(issuance.Held):
        issue_chunk(database, held)
    assert (codes_of(database), read_operation(database, operation.operation_id)) == (issued, held)

    waiting = counts(database, "outbox")[0]
    with database.writing() as transaction:
        assert launch.resume(transaction, make_cause(), "spring").state is State.LAUNCHING
    assert counts(database, "outbox") == (waiting + 1,)
    finish_launch(database, held)
    assert set(codes_of(database)) == {"anna", "bert", "carl"}
    assert codes_of(database).items() > issued.items()
    with database.reading() as snapshot:
        campaign = launch.get(snapshot, "spring")
    assert (campaign.state, campaign.issued_count, campaign.activate_time) == (State.ACTIVE, 3, NOW)


def test_a_chunk_that_was_begun_before_the_pause_writes_nothing_after_it(database: Database) -> None:
    add_customers(database, ["anna", "bert"])
    store_scores(database, {"anna": 9000, "bert": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    issue_chunk(database, operation)
    operation = read_operation(database, operation.operation_id)
    with database.reading() as snapshot:
        chunk = chunks.following(snapshot, "spring", after="", limit=9)
    assert chunk is not None

    def mint_during_a_pause(count: int) -> list[str]:
        with database.writing() as other:
            launch.pause(other, make_cause(), "spring")
        return codes.mint(count)

    with pytest.raises(issuance.Held), database.writing() as transaction:
        issuance.issue(transaction, operation, chunk, NOW, mint=mint_during_a_pause)

    assert counts(database, "coupons") == (0,)
    assert read_operation(database, operation.operation_id) == operation


def test_a_launch_that_is_paused_can_be_cancelled_and_is_over(database: Database) -> None:
    add_customers(database, ["anna"])
    store_scores(database, {"anna": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    with database.writing() as transaction:
        launch.pause(transaction, make_cause(), "spring")
        issuance.abandon(transaction, operation, make_cause())

    assert state_of(database) is State.ENDED


def test_a_failed_launch_is_taken_up_by_launching_again(database: Database) -> None:
    add_customers(database, ["anna", "bert", "carl"])
    store_scores(database, {"anna": 9000, "bert": 9000, "carl": 9000})
    create_campaign(database)
    failed = begin_launch(database)
    issue_chunk(database, failed)
    issue_chunk(database, read_operation(database, failed.operation_id))
    issued = codes_of(database)
    with database.writing() as transaction:
        operations.fail(transaction, failed.operation_id, "the disk is full", NOW)

    with database.writing() as transaction:
        again = launch.launch(transaction, make_cause(), "spring")
    while not (again := read_operation(database, again.operation_id)).done:
        issue_chunk(database, again)

    assert len(issued) == 2
    assert codes_of(database).items() >= issued.items()
    assert len(codes_of(database)) == 3
    with database.reading() as snapshot:
        assert launch.get(snapshot, "spring").issued_count == 3


def test_pause_resume_and_end_leave_their_lines(database: Database) -> None:
    add_customers(database, ["anna"])
    store_scores(database, {"anna": 9000})
    launch_campaign(database, make_plan())

    for use_case, state in (
        (launch.pause, State.PAUSED), (launch.resume, State.ACTIVE), (launch.end, State.ENDED),
    ):  # fmt: skip
        with database.writing() as transaction:
            etag = launch.get(transaction, "spring").etag
            moved = use_case(transaction, make_cause(), "spring", etag=etag)
        assert moved.state is state is state_of(database)
        with pytest.raises(CampaignChanged), database.writing() as transaction:
            use_case(transaction, make_cause(), "spring", etag=etag)
    with pytest.raises(CampaignNotMovable), database.writing() as transaction:
        launch.resume(transaction, make_cause(), "spring")
    with pytest.raises(CampaignNotEditable), database.writing() as transaction:
        launch.delete(transaction, make_cause(), "spring")

    assert [action for action, _, _ in audit_lines(database)[-3:]] == [
        f"campaigns.{verb.lower()}" for verb in (Move.PAUSE, Move.RESUME, Move.END)
    ]


def test_what_is_not_there_is_named(database: Database) -> None:
    with pytest.raises(CampaignNotFound) as refused, database.reading() as snapshot:
        launch.get(snapshot, "autumn")

    assert refused.value.metadata == {"campaign": "campaigns/autumn"}


def test_an_operation_is_cancelled_once_and_deleted_when_it_is_over(database: Database) -> None:
    add_customers(database, ["anna"])
    store_scores(database, {"anna": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    with pytest.raises(OperationRunning), database.writing() as transaction:
        jobs.forget(transaction, make_cause(), operation.operation_id)

    for _ in range(2):
        with database.writing() as transaction:
            assert jobs.cancel(transaction, make_cause(), operation.operation_id).cancel_requested
    assert [line for line in audit_lines(database) if line[0] == "operations.cancel"] == [
        ("operations.cancel", operation.name, "OK")
    ]

    with database.writing() as transaction:
        operations.cancel(transaction, operation.operation_id, NOW)
    with database.writing() as transaction:
        jobs.forget(transaction, make_cause(), operation.operation_id)
    with pytest.raises(OperationNotFound), database.reading() as snapshot:
        jobs.get(snapshot, operation.operation_id)


def test_a_percentage_is_kept_with_its_maximum(database: Database) -> None:
    offer = Offer(
        tier=Tier.HIGH, discount=Discount(reward=Percent(percent=20, maximum_minor=900)), channel=Channel.ON_SITE
    )
    create_campaign(database, offers=(offer,))

    with database.reading() as snapshot:
        assert launch.get(snapshot, "spring").plan.offers == (offer,)
