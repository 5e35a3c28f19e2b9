"""A launch is paused, ended, cancelled or fails, and goes on where it stopped."""

from collections.abc import Callable

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
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    state_of,
    store_scores,
)

from campaigns.coupons import codes, issuance
from campaigns.life import campaigns, drafts, launch, switches
from campaigns.life.refusals import CampaignChanged, CampaignNotEditable
from campaigns.terms.campaign import Move, State
from campaigns.terms.refusals import CampaignNotMovable
from campaigns.work import jobs
from campaigns.work.refusals import OperationNotFound, OperationRunning
from database.coupons import chunks
from database.life.stops import EVERYTHING
from database.session import Database, Transaction
from database.work import operations


def test_ending_a_campaign_stops_its_launch(database: Database) -> None:
    store_scores(database, {"anna": 9000, "bert": 9000, "carl": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    issue_chunk(database, operation)

    with database.writing() as transaction:
        ended = campaigns.end(transaction, make_cause(), "spring")
    issue_chunk(database, read_operation(database, operation.operation_id))

    assert ended.state is State.ENDED
    assert read_operation(database, operation.operation_id).state == "CANCELLED"
    assert counts(database, "coupons") == (0,)


def test_a_pause_holds_the_launch_and_resuming_goes_on_where_it_stopped(database: Database) -> None:
    store_scores(database, {"anna": 9000, "bert": 9000, "carl": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    for _ in range(2):
        issue_chunk(database, read_operation(database, operation.operation_id))
    issued = codes_of(database)
    with database.writing() as transaction:
        assert campaigns.pause(transaction, make_cause(), "spring").state is State.PAUSED
    held = read_operation(database, operation.operation_id)

    with pytest.raises(issuance.Held):
        issue_chunk(database, held)
    assert (codes_of(database), read_operation(database, operation.operation_id)) == (issued, held)

    waiting = counts(database, "outbox")[0]
    with database.writing() as transaction:
        assert campaigns.resume(transaction, make_cause(), "spring").state is State.LAUNCHING
    assert counts(database, "outbox") == (waiting + 1,)
    finish_launch(database, held)
    assert set(codes_of(database)) == {"anna", "bert", "carl"}
    assert codes_of(database).items() > issued.items()
    with database.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
    assert (campaign.state, campaign.issued_count, campaign.activate_time) == (State.ACTIVE, 3, NOW)


def pause(transaction: Transaction) -> None:
    campaigns.pause(transaction, make_cause(), "spring")


def stop(transaction: Transaction) -> None:
    switches.stop(transaction, make_cause(reason="prices are wrong"), EVERYTHING)


@pytest.mark.parametrize("hold", [pause, stop])
def test_a_chunk_that_was_begun_before_a_hold_writes_nothing_after_it(
    database: Database, hold: Callable[[Transaction], None]
) -> None:
    store_scores(database, {"anna": 9000, "bert": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    issue_chunk(database, operation)
    operation = read_operation(database, operation.operation_id)
    with database.reading() as snapshot:
        chunk = chunks.following(snapshot, "spring", after="", limit=9)
    assert chunk is not None

    def mint_during_a_hold(count: int) -> list[str]:
        with database.writing() as other:
            hold(other)
        return codes.mint(count)

    with pytest.raises(issuance.Held), database.writing() as transaction:
        issuance.issue(transaction, operation, chunk, NOW, mint=mint_during_a_hold)

    assert counts(database, "coupons") == (0,)
    assert read_operation(database, operation.operation_id) == operation


def test_a_launch_that_is_paused_can_be_cancelled_and_is_over(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    create_campaign(database)
    operation = begin_launch(database)
    with database.writing() as transaction:
        campaigns.pause(transaction, make_cause(), "spring")
        issuance.abandon(transaction, operation, make_cause())

    assert state_of(database) is State.ENDED


def test_a_failed_launch_is_taken_up_by_launching_again(database: Database) -> None:
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
        assert campaigns.get(snapshot, "spring").issued_count == 3


def test_pause_resume_and_end_leave_their_lines(database: Database) -> None:
    store_scores(database, {"anna": 9000})
    launch_campaign(database, make_plan())

    for use_case, state in (
        (campaigns.pause, State.PAUSED), (campaigns.resume, State.ACTIVE), (campaigns.end, State.ENDED),
    ):  # fmt: skip
        with database.writing() as transaction:
            etag = campaigns.get(transaction, "spring").etag
            moved = use_case(transaction, make_cause(), "spring", etag=etag)
        assert moved.state is state is state_of(database)
        with pytest.raises(CampaignChanged), database.writing() as transaction:
            use_case(transaction, make_cause(), "spring", etag=etag)
    with pytest.raises(CampaignNotMovable), database.writing() as transaction:
        campaigns.resume(transaction, make_cause(), "spring")
    with pytest.raises(CampaignNotEditable), database.writing() as transaction:
        drafts.delete(transaction, make_cause(), "spring")

    assert [action for action, _, _ in audit_lines(database)[-3:]] == [
        f"campaigns.{verb.lower()}" for verb in (Move.PAUSE, Move.RESUME, Move.END)
    ]


def test_an_operation_is_cancelled_once_and_deleted_when_it_is_over(database: Database) -> None:
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
