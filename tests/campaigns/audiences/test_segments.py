"""Saved segments: changed with care, built behind the members that stand, asked about by other rules."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from campaigns import trail
from campaigns.actor import Actor, Cause
from campaigns.audiences import segment_building, segments
from campaigns.audiences.refusals import (
    InvalidSegment,
    SegmentBuilding,
    SegmentChanged,
    SegmentExists,
    SegmentInUse,
    SegmentNotFound,
)
from campaigns.audiences.segments import Segment, SegmentState
from campaigns.errors import Refusal
from campaigns.work import jobs
from database.audiences import fitting
from database.audiences import segments as stored_segments
from database.audiences.tables import CustomerFactsRow, SegmentMemberRow
from database.audit.log import Wanted
from database.session import Database, Transaction
from database.work import operations, outbox
from database.work.operations import Operation
from rules.rule import Compare, Every, InSegment, Not, Operator, Rule, Within

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAUSE = Cause(actor=Actor(name="anna"), now=NOW)
BUYERS = Compare("orders", Operator.AT_LEAST, 5)


def remember(transaction: Transaction, orders: Sequence[int]) -> None:
    rows = [
        {"customer_id": f"c{number}", "as_of": NOW, "orders": count, "country": "DE"}
        for number, count in enumerate(orders)
    ]
    transaction.execute(insert(CustomerFactsRow), rows)


@pytest.fixture
def ten(database: Database) -> Database:
    """Customers c0 … c9 with 0 … 9 orders, and a segment of those with five or more."""
    with database.writing() as transaction:
        remember(transaction, range(10))
        segments.create(transaction, CAUSE, "buyers", display_name="Buyers", rule=BUYERS)
    return database


def begin(database: Database, segment_id: str = "buyers") -> Operation:
    with database.writing() as transaction:
        return segment_building.begin(transaction, CAUSE, segment_id)


def steps(database: Database, operation: Operation, count: int) -> Operation:
    """So many chunks of four customers, as the worker takes them, a second each."""
    for number in range(count):
        with database.writing() as transaction:
            current = jobs.get(transaction, operation.operation_id)
            cause = Cause(actor=CAUSE.actor, now=NOW + timedelta(seconds=number + 1))
            assert segment_building.step(transaction, current, cause, limit=4)
    with database.reading() as snapshot:
        return jobs.get(snapshot, operation.operation_id)


def build(database: Database, segment_id: str = "buyers") -> Operation:
    return steps(database, begin(database, segment_id), 4)


def read(database: Database, segment_id: str = "buyers") -> Segment:
    with database.reading() as snapshot:
        return segments.get(snapshot, segment_id)


def members(database: Database, segment_id: str = "buyers") -> list[str]:
    with database.reading() as snapshot:
        return stored_segments.members(snapshot, segment_id, limit=100)


def count(database: Database, rule: Rule) -> int:
    with database.reading() as snapshot:
        return fitting.count(snapshot, rule)


def refused(database: Database, refusal: type[Refusal], segment_id: str, rule: Rule) -> Refusal:
    with pytest.raises(refusal) as raised, database.writing() as transaction:
        segments.create(transaction, CAUSE, segment_id, display_name="Name", rule=rule)
    return raised.value


def test_a_new_segment_has_no_members_and_cannot_be_asked(ten: Database) -> None:
    segment = read(ten)

    assert (segment.state, segment.member_count, segment.rule) == (SegmentState.NEW, None, BUYERS)
    refusal = refused(ten, InvalidSegment, "others", Every((BUYERS, InSegment("buyers"))))
    assert refusal.metadata == {"field": "rule.every[1].in_segment"}
    assert "build it first" in refusal.message


def test_a_build_writes_down_who_fits(ten: Database) -> None:
    begun = begin(ten)
    assert (begun.total_count, begun.kind) == (10, operations.BUILD_SEGMENT)
    assert read(ten).state is SegmentState.BUILDING
    with ten.reading() as snapshot:
        assert outbox.waiting(snapshot) == 1

    done = steps(ten, begun, 4)

    assert (done.state, done.done_count) == (operations.SUCCEEDED, 10)
    assert done.response == {"segment_id": "buyers", "member_count": 5, "build_seconds": 4.0}
    segment = read(ten)
    assert (segment.state, segment.member_count) == (SegmentState.READY, 5)
    assert (segment.build_seconds, segment.built_at) == (4.0, NOW + timedelta(seconds=4))
    assert members(ten) == ["c5", "c6", "c7", "c8", "c9"]


def test_a_build_leaves_a_trail(ten: Database) -> None:
    build(ten)
    with ten.reading() as snapshot:
        actions = [entry.action for entry in trail.page(snapshot, Wanted(object_name="segments/buyers"), limit=10)]

    assert actions == ["segments.build.finish", "segments.build", "segments.create"]


def test_the_members_stand_while_the_next_build_runs_and_after_it_is_cancelled(ten: Database) -> None:
    build(ten)
    with ten.writing() as transaction:
        transaction.execute(update(CustomerFactsRow).values(orders=9))
    half = steps(ten, begin(ten), 2)

    assert len(members(ten)) == 5
    assert count(ten, InSegment("buyers")) == 5
    assert count(ten, Not(InSegment("buyers"))) == 5

    with ten.writing() as transaction:
        operations.cancel(transaction, half.operation_id, NOW)
        segment_building.abandon(transaction, half)
        left = transaction.execute(select(func.count()).select_from(SegmentMemberRow)).scalar_one()

    assert (len(members(ten)), left) == (5, 5)
    assert read(ten).state is SegmentState.READY

    build(ten)
    assert len(members(ten)) == 10


def test_what_a_failed_build_left_goes_with_the_next(ten: Database) -> None:
    half = steps(ten, begin(ten), 3)
    with ten.writing() as transaction:
        operations.fail(transaction, half.operation_id, "broken", NOW)
    assert read(ten).state is SegmentState.NEW

    build(ten)

    with ten.reading() as snapshot:
        builds = list(snapshot.scalars(select(SegmentMemberRow.build).distinct()))
    assert builds == [2]


def test_of_two_workers_at_one_chunk_one_writes(ten: Database) -> None:
    operation = begin(ten)
    steps(ten, operation, 2)
    before = members(ten)

    with ten.writing() as transaction:
        assert not segment_building.step(transaction, operation, CAUSE, limit=4)
    ended = steps(ten, operation, 2)
    with ten.writing() as transaction:
        assert not segment_building.step(transaction, ended, CAUSE, limit=4)

    assert before == []
    assert ended.response is not None
    assert ended.response["member_count"] == 5


def test_a_changed_rule_makes_the_members_stale_and_a_changed_name_does_not(ten: Database) -> None:
    build(ten)
    with ten.writing() as transaction:
        named = segments.update(transaction, CAUSE, "buyers", display_name="Good buyers", etag="1")
    assert (named.display_name, named.etag, named.state) == ("Good buyers", "2", SegmentState.READY)

    with ten.writing() as transaction:
        changed = segments.update(transaction, CAUSE, "buyers", rule=Compare("orders", Operator.AT_LEAST, 8))
    assert (changed.state, changed.member_count) == (SegmentState.STALE, 5)

    build(ten)
    assert (read(ten).state, members(ten)) == (SegmentState.READY, ["c8", "c9"])


def test_a_rule_changed_during_a_build_leaves_it_stale(ten: Database) -> None:
    half = steps(ten, begin(ten), 1)
    with ten.writing() as transaction:
        segments.update(transaction, CAUSE, "buyers", rule=Compare("orders", Operator.AT_LEAST, 8))

    steps(ten, half, 3)

    assert (read(ten).state, len(members(ten))) == (SegmentState.STALE, 5)


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_a_rule_makes_the_members_of_those_stale_that_ask_about_it(ten: Database, when: str) -> None:
    def change() -> None:
        with ten.writing() as transaction:
            segments.update(transaction, CAUSE, "buyers", rule=Compare("orders", Operator.AT_LEAST, 8))

    build(ten)
    for name, asked in (("others", "buyers"), ("again", "others")):
        with ten.writing() as transaction:
            segments.create(transaction, CAUSE, name, display_name=name, rule=Not(InSegment(asked)))
        build(ten, name)
    if when == "before":
        change()
        with pytest.raises(InvalidSegment, match="segments/buyers has the members of an earlier rule: build it first"):
            begin(ten, "others")
    elif when == "during":
        half = steps(ten, begin(ten, "others"), 1)
        change()
        steps(ten, half, 3)
    else:
        change()

    assert {read(ten, name).state for name in ("others", "again")} == {SegmentState.STALE}
    for name in ("buyers", "others", "again"):
        build(ten, name)
        assert read(ten, name).state is SegmentState.READY
    assert (len(members(ten, "others")), len(members(ten, "again"))) == (8, 2)


def test_changes_of_an_older_revision_are_refused(ten: Database) -> None:
    with pytest.raises(SegmentChanged) as raised, ten.writing() as transaction:
        segments.update(transaction, CAUSE, "buyers", display_name="Other", etag="7")

    assert raised.value.metadata == {"segment": "segments/buyers", "etag": "7", "current_etag": "1"}
    assert read(ten).display_name == "Buyers"


def test_one_build_at_a_time(ten: Database) -> None:
    begun = begin(ten)

    with pytest.raises(SegmentBuilding) as raised:
        begin(ten)
    assert raised.value.metadata["operation"] == begun.name
    with pytest.raises(SegmentBuilding), ten.writing() as transaction:
        segments.delete(transaction, CAUSE, "buyers")
    assert read(ten).operation_id == begun.operation_id


def test_a_segment_that_another_asks_about_stays(ten: Database) -> None:
    build(ten)
    asking = Every((InSegment("buyers"), Within("country", ("DE",))))
    with ten.writing() as transaction:
        segments.create(transaction, CAUSE, "german-buyers", display_name="German buyers", rule=asking)
    build(ten, "german-buyers")
    assert members(ten, "german-buyers") == members(ten)

    with pytest.raises(SegmentInUse) as raised, ten.writing() as transaction:
        segments.delete(transaction, CAUSE, "buyers")

    assert raised.value.metadata["used_by"] == "segments/german-buyers"
    assert count(ten, InSegment("buyers")) == 5


def test_segments_do_not_ask_about_each_other(ten: Database) -> None:
    build(ten)
    with ten.writing() as transaction:
        segments.create(transaction, CAUSE, "others", display_name="Others", rule=Not(InSegment("buyers")))
    build(ten, "others")

    with pytest.raises(InvalidSegment, match="segments/buyers cannot ask about itself"), ten.writing() as transaction:
        segments.update(transaction, CAUSE, "buyers", rule=InSegment("others"))


def test_a_deleted_segment_leaves_nothing(ten: Database) -> None:
    build(ten)
    with ten.writing() as transaction:
        segments.delete(transaction, CAUSE, "buyers")

    with pytest.raises(SegmentNotFound):
        read(ten)
    with ten.reading() as snapshot:
        assert snapshot.execute(select(func.count()).select_from(SegmentMemberRow)).scalar_one() == 0
        assert segments.page(snapshot, limit=10) == []


def test_pages_are_newest_first(ten: Database) -> None:
    for number in range(3):
        cause = Cause(actor=CAUSE.actor, now=NOW + timedelta(hours=number + 1))
        with ten.writing() as transaction:
            segments.create(transaction, cause, f"s{number}", display_name="S", rule=BUYERS)
    with ten.reading() as snapshot:
        first = segments.page(snapshot, limit=2)
        rest = segments.page(snapshot, limit=2, after=(first[-1].create_time, first[-1].segment_id))

    assert [segment.segment_id for segment in (*first, *rest)] == ["s2", "s1", "s0", "buyers"]


def test_what_makes_no_sense_is_refused(ten: Database) -> None:
    assert refused(ten, SegmentExists, "buyers", BUYERS).metadata == {"segment": "segments/buyers"}
    assert refused(ten, InvalidSegment, "No spaces", BUYERS).metadata == {"field": "segment_id"}
    assert refused(ten, InvalidSegment, "x", InSegment("none")).metadata == {"field": "rule.in_segment"}
    wrong = Compare("orders", Operator.AT_LEAST, "3")
    assert refused(ten, InvalidSegment, "x", wrong).metadata == {"field": "rule.compare.value"}
    for name in (" ", "x" * 101, "two\nlines", "nul\0"):
        with (
            pytest.raises(InvalidSegment, match="a name of at most 100 symbols") as raised,
            ten.writing() as transaction,
        ):
            segments.update(transaction, CAUSE, "buyers", display_name=name)
        assert raised.value.metadata == {"field": "display_name"}
    build(ten)
    with pytest.raises(InvalidSegment, match="itself"), ten.writing() as transaction:
        segments.update(transaction, CAUSE, "buyers", rule=InSegment("buyers"))
    with ten.reading() as snapshot:
        assert [segment.segment_id for segment in segments.page(snapshot, limit=10)] == ["buyers"]
