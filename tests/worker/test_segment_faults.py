"""The build of a segment ends with each member once, whatever is killed, and leaves nothing if it comes to nothing."""

from datetime import UTC, datetime

import pytest
from made.campaigns import counts, make_cause, read_operation
from running.worker_processes import kill, relaying, wait_for, wait_until_done, worker
from running.working import one_chunk, to_the_end, tools_on
from sqlalchemy import text

from campaigns.audiences import segment_building, segments
from campaigns.work import jobs
from database.audiences import segments as stored_segments
from database.session import Database
from database.work import broker
from database.work.operations import Operation
from rules.rule import Compare, Operator
from worker.advance import advance, give_up


def begin_build(database: Database, *, customers: int) -> Operation:
    """The build of a segment of the customers with an odd number of orders: every second one."""
    with database.writing() as transaction:
        transaction.execute(
            text(
                """INSERT INTO customer_facts (customer_id, as_of, orders)
                SELECT 'c' || to_char(number, 'FM00000'), now(), number % 2 FROM generate_series(1, :count) AS number"""
            ),
            {"count": customers},
        )
        rule = Compare("orders", Operator.EQUALS, 1)
        segments.create(transaction, make_cause(), "odd", display_name="Odd", rule=rule)
        return segment_building.begin(transaction, make_cause(datetime.now(UTC)), "odd")


def test_a_build_whose_worker_is_killed_ends_with_each_member_once(database: Database, database_url: str) -> None:
    broker.install(database_url)
    operation = begin_build(database, customers=10_000)
    with relaying(database, database_url):
        with worker(database_url, TIERWISE_SEGMENT_CHUNK="50") as doomed:
            wait_for(lambda: read_operation(database, operation.operation_id).done_count >= 500)
            kill(doomed)
        with database.reading() as snapshot:  # what was being committed may come a moment after its worker's death
            interrupted = jobs.get(snapshot, operation.operation_id)
            half = snapshot.execute(text("SELECT count(*) FROM segment_members")).scalar_one()
        with worker(database_url):
            done = wait_until_done(database, operation)

    assert (interrupted.state, 2 * half) == ("RUNNING", interrupted.done_count)
    assert 500 <= interrupted.done_count < 10_000
    assert (done.state, done.done_count, done.total_count) == ("SUCCEEDED", 10_000, 10_000)
    with database.reading() as snapshot:
        built = segments.get(snapshot, "odd")
        members = stored_segments.members(snapshot, "odd", limit=9999)
    assert (built.state, built.member_count) == (segments.SegmentState.READY, 5_000)
    assert members == [f"c{number:05}" for number in range(1, 10_000, 2)]
    assert counts(database, "segment_members") == (5_000,)


@pytest.mark.parametrize("end", ["CANCELLED", "FAILED"])
def test_a_build_that_comes_to_nothing_leaves_nothing(database: Database, database_url: str, end: str) -> None:
    operation = begin_build(database, customers=100)
    with tools_on(database_url, segment_chunk=10) as tools:
        advance(tools, operation.operation_id, enough=one_chunk)
        assert counts(database, "segment_members") == (5,)

        if end == "FAILED":
            give_up(tools, operation.operation_id, ValueError("broken"), "log")
        else:
            with database.writing() as transaction:
                jobs.cancel(transaction, make_cause(), operation.operation_id)
            advance(tools, operation.operation_id, enough=to_the_end)

    assert read_operation(database, operation.operation_id).state == end
    assert counts(database, "segment_members") == (0,)
