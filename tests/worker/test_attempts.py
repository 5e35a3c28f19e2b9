"""Work that kills whoever tries it fails in the end and says why; what only waits goes on as long as it takes."""

from datetime import UTC, datetime, timedelta

import pytest
from made.campaigns import (
    NOT_OVER,
    audit_lines,
    begin_launch,
    counts,
    create_campaign,
    make_cause,
    read_operation,
    store_scores,
)
from running.working import one_chunk, run_task, work_on
from sqlalchemy import text

from campaigns.work import jobs
from database.session import Database
from database.work import attempts, outbox
from database.work.operations import Operation
from worker.attempts import MOST_LOST
from worker.beat.relay import revive
from worker.tasks import RETRIES

MINUTE = timedelta(minutes=1)


@pytest.fixture
def launch(database: Database) -> Operation:
    customers = [f"c{number}" for number in range(20)]
    store_scores(database, dict.fromkeys(customers, 9000))
    create_campaign(database, end_time=NOT_OVER)
    return begin_launch(database, now=datetime.now(UTC))


def test_work_that_kills_whoever_tries_it_fails_with_the_reason(
    database: Database, database_url: str, launch: Operation
) -> None:
    with database.writing() as transaction:
        for _ in range(MOST_LOST):
            attempts.begin(transaction, launch)

    run_task(database_url, launch, retries=RETRIES)

    failed = read_operation(database, launch.operation_id)
    assert failed.state == "FAILED"
    assert failed.error == (
        "the last 20 attempts came to no end: their processes were killed, for want of memory or because a chunk took "
        "longer than 300 s (TIERWISE_REDELIVER_SECONDS)"
    )
    assert failed.why == {"code": "ATTEMPTS_LOST", "facts": {"lost": 20, "seconds": 300}}
    assert audit_lines(database)[-1] == ("operations.fail", launch.name, "FAILED")
    assert counts(database, "coupons", "attempts") == (0, 0)


def test_attempts_that_end_are_not_lost_and_progress_forgives_those_that_were(
    database: Database, database_url: str, launch: Operation
) -> None:
    with database.writing() as transaction:
        assert [attempts.begin(transaction, launch) for _ in range(3)] == [1, 2, 3]

        attempts.end(transaction, launch.operation_id)
        assert attempts.begin(transaction, launch) == 3

    further = work_on(database_url, launch, enough=one_chunk)

    with database.writing() as transaction:
        assert attempts.begin(transaction, further) == 1
    assert work_on(database_url, launch).state == "SUCCEEDED"
    assert counts(database, "attempts") == (0,)


def test_a_task_whose_work_was_handed_on_finds_nothing_to_do(
    database: Database, database_url: str, launch: Operation
) -> None:
    first = work_on(database_url, launch, enough=one_chunk, turn=0)

    again = work_on(database_url, launch, turn=0)

    assert (first.turn, again) == (1, first)
    assert work_on(database_url, launch, turn=1).state == "SUCCEEDED"


def test_however_often_silent_work_is_revived_one_task_of_it_goes_on(
    database: Database, database_url: str, launch: Operation
) -> None:
    for minutes in (1, 2, 3):
        revive(database, now=launch.create_time + minutes * MINUTE, silence=MINUTE / 2)
    waiting = taken(database, launch)

    for turn in waiting:
        work_on(database_url, launch, enough=one_chunk, turn=turn)

    assert waiting == [0, 0, 0, 0]
    assert taken(database, launch) == [1]


def test_work_of_a_newer_version_is_left_to_it(database: Database, database_url: str) -> None:
    with database.writing() as transaction:
        begun = jobs.begin(
            transaction, make_cause(), "o1", "SOMETHING_NEW", {}, total_count=None, action="new", object_name="n"
        )

    run_task(database_url, begun, retries=RETRIES)

    left = read_operation(database, begun.operation_id)
    assert (left.state, left.error) == ("RUNNING", "SOMETHING_NEW: waits for a worker that knows it")


@pytest.mark.parametrize(("trouble", "state"), [("disk_full", "RUNNING"), ("check_violation", "FAILED")])
def test_work_waits_for_a_database_that_is_full_and_not_for_one_that_says_no(
    database: Database, database_url: str, launch: Operation, trouble: str, state: str
) -> None:
    with database.writing() as transaction:
        transaction.execute(
            text(f"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION USING ERRCODE = ''{trouble}''; END';
            CREATE TRIGGER refuse BEFORE INSERT ON coupons FOR EACH ROW EXECUTE FUNCTION refuse();
            """)
        )

    run_task(database_url, launch, retries=RETRIES)

    assert read_operation(database, launch.operation_id).state == state
    if state == "RUNNING":
        with database.writing() as transaction:
            transaction.execute(text("DROP TRIGGER refuse ON coupons"))
        assert work_on(database_url, launch).state == "SUCCEEDED"


def taken(database: Database, operation: Operation) -> list[int]:
    """The turns of its tasks in the outbox, which is empty afterwards."""
    with database.writing() as transaction:
        entries = outbox.take(transaction, now=datetime.now(UTC), lease=MINUTE)
        outbox.delete_entries(transaction, [entry.outbox_id for entry in entries])
    found = [entry.arguments for entry in entries]
    return [task["turn"] for task in found if task["operation_id"] == operation.operation_id]
