"""What is written down reaches the broker at least once, however often broker and relay die in between."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from made.campaigns import NOW, add_customers, add_model, counts, make_cause, read_operation

from campaigns.tiers import rescoring
from campaigns.work import jobs
from database.session import Database
from database.work import operations, outbox
from database.work.outbox import OutboxEntry
from worker.beat.relay import LEASE, hand_over, revive, run

MINUTE = timedelta(minutes=1)


class Broker:
    """A broker that can be away, or die after a number of tasks."""

    def __init__(self, room: int = 10**6) -> None:
        self.room = room
        self.refused = 0
        self.tasks: list[tuple[str, Mapping[str, Any]]] = []

    def send(self, task: str, arguments: Mapping[str, Any]) -> None:
        if len(self.tasks) >= self.room:
            self.refused += 1
            raise ConnectionError
        self.tasks.append((task, arguments))


def write_down(database: Database, count: int) -> None:
    with database.writing() as transaction:
        for number in range(count):
            outbox.enqueue(transaction, "work", {"number": number}, NOW)


def test_tasks_go_over_in_order_and_leave_nothing_behind(database: Database) -> None:
    write_down(database, 150)
    broker = Broker()

    assert [hand_over(database, broker.send, now=NOW) for _ in range(3)] == [100, 50, 0]

    assert [arguments["number"] for _, arguments in broker.tasks] == list(range(150))
    assert counts(database, "outbox") == (0,)


def test_what_the_broker_did_not_take_stays_and_is_free_at_once(database: Database) -> None:
    write_down(database, 5)
    with pytest.raises(ConnectionError):
        hand_over(database, Broker(room=2).send, now=NOW)
    assert counts(database, "outbox") == (3,)

    back = Broker()
    assert hand_over(database, back.send, now=NOW) == 3

    assert [arguments["number"] for _, arguments in back.tasks] == [2, 3, 4]


def test_two_relays_share_and_never_hand_over_the_same(database: Database) -> None:
    write_down(database, 150)
    broker = Broker()

    with database.writing() as one, database.writing() as other:
        mine = outbox.take(one, now=NOW, lease=LEASE)
        theirs = outbox.take(other, now=NOW, lease=LEASE)

    assert (len(mine), len(theirs)) == (100, 50)
    assert hand_over(database, broker.send, now=NOW) == 0


def test_the_share_of_a_dead_relay_is_free_after_its_lease(database: Database) -> None:
    write_down(database, 1)
    with database.writing() as transaction:
        outbox.take(transaction, now=NOW, lease=LEASE)

    assert hand_over(database, Broker().send, now=NOW + LEASE) == 0
    assert hand_over(database, Broker().send, now=NOW + LEASE + timedelta(seconds=1)) == 1


def test_the_share_of_a_dead_relay_whose_clock_was_ahead_is_free_at_once(database: Database) -> None:
    write_down(database, 1)
    with database.writing() as transaction:
        outbox.take(transaction, now=NOW + timedelta(days=1), lease=LEASE)

    assert hand_over(database, Broker().send, now=NOW) == 1


def test_nothing_that_was_rolled_back_is_handed_over(database: Database) -> None:
    with suppress(KeyboardInterrupt), database.writing() as transaction:
        outbox.enqueue(transaction, "work", {}, NOW)
        raise KeyboardInterrupt

    assert hand_over(database, Broker().send, now=NOW) == 0


def test_a_silent_operation_is_handed_over_again_once_in_each_span(database: Database) -> None:
    add_customers(database, ["anna"])
    add_model(database)
    with database.writing() as transaction:
        operation = rescoring.begin(transaction, make_cause())
    hand_over(database, Broker().send, now=NOW)

    revived = [revive(database, now=NOW + span, silence=MINUTE) for span in (MINUTE, 1.1 * MINUTE, 2 * MINUTE)]
    broker = Broker()
    hand_over(database, broker.send, now=NOW)

    assert revived == [0, 1, 0]
    assert broker.tasks == [(jobs.ADVANCE, {"operation_id": operation.operation_id, "turn": 0})]


def test_work_that_lived_before_the_clock_went_back_is_handed_over_all_the_same(database: Database) -> None:
    with database.writing() as transaction:
        operations.begin(
            transaction, "nightly", operations.SCORE_ALL_CUSTOMERS, {}, total_count=None, now=NOW + timedelta(days=2)
        )

    revived = [revive(database, now=NOW + span, silence=MINUTE) for span in (0 * MINUTE, 0.9 * MINUTE, 1.1 * MINUTE)]

    assert revived == [1, 0, 1]


def test_what_is_over_rests(database: Database) -> None:
    add_model(database)
    with database.writing() as transaction:
        operation = rescoring.begin(transaction, make_cause())
    with database.writing() as transaction:
        operations.fail(transaction, operation.operation_id, "lost", NOW)

    assert revive(database, now=NOW + 99 * MINUTE, silence=MINUTE) == 0
    assert read_operation(database, operation.operation_id).error == "lost"


class Rounds(Event):
    """Something happens before each round, and after all of them the relay stops."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        super().__init__()
        self._left = iter(happenings)

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - Event's
        happens = next(self._left, None)
        if happens is not None:
            happens()
        return happens is None


def test_the_relay_outlives_its_broker_which_is_back_when_it_takes_a_task(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    broker, said, theirs = Broker(room=0), list[list[str]](), list[OutboxEntry]()

    def another_relay_holds_them() -> None:
        said.append(list(caplog.messages))
        with database.writing() as transaction:
            theirs.extend(outbox.take(transaction, now=datetime.now(UTC), lease=LEASE))

    def the_broker_is_back() -> None:
        said.append(list(caplog.messages))
        broker.room = 10
        with database.writing() as transaction:
            outbox.release(transaction, [entry.outbox_id for entry in theirs])

    rounds = Rounds(lambda: write_down(database, 3), another_relay_holds_them, the_broker_is_back)
    run(database, broker.send, rounds, revive_seconds=60)

    assert said == 2 * [["relay: broker away; tried again until it works: ConnectionError: "]]
    assert caplog.messages[1:] == ["relay: broker away: over"]
    assert (len(broker.tasks), broker.refused, counts(database, "outbox")) == (3, 1, (0,))
