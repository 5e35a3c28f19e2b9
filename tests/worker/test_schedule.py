"""The night's rescoring begins once a night, whoever ticks and how often."""

from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from made.campaigns import add_customers, add_model, counts, make_cause
from made.ticks import tick_at
from sqlalchemy import text

from campaigns.tiers import rescoring
from database.session import Database
from database.work import duties, operations, requests
from database.work.duties import Duty
from worker.clock.duties import do
from worker.clock.schedule import forget_answers, in_turn, night, nightly

AT = time(2, 0)
DUE = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
rescore = partial(nightly, duty=Duty.BEGIN_RESCORING, begin_due=rescoring.begin_due)


@pytest.mark.parametrize(
    ("at", "now", "looked", "due"),
    [
        (AT, DUE, DUE, DUE),
        (AT, DUE - timedelta(seconds=1), DUE - timedelta(minutes=1), None),
        (AT, DUE + timedelta(hours=1), DUE, DUE),
        (AT, DUE + timedelta(hours=1, seconds=1), DUE, None),
        (AT, DUE + timedelta(hours=1, seconds=1), None, None),
        (AT, DUE + timedelta(hours=9), DUE - timedelta(days=5), DUE),
        (time(23, 30), DUE.replace(hour=0, minute=10), DUE, DUE.replace(day=19, hour=23, minute=30)),
        (None, DUE, None, None),
    ],
)
def test_a_nights_work_begins_within_an_hour_of_its_time_or_as_soon_as_somebody_looks(
    at: time | None, now: datetime, looked: datetime | None, due: datetime | None
) -> None:
    assert night(at, now, looked=looked) == due


def test_of_nights_that_passed_without_a_tick_the_last_is_made_up_for_once(database: Database) -> None:
    add_model(database)
    begun = list[str | None]()

    def tick(now: datetime) -> None:
        operation = rescore(database, at=AT, now=now)
        begun.append(None if operation is None else operation.operation_id)
        if operation is not None:
            with database.writing() as transaction:
                operations.finish(transaction, operation.operation_id, {}, now)

    for minutes in (-60, 3 * 24 * 60 + 480, 3 * 24 * 60 + 481, 4 * 24 * 60):
        now = DUE + timedelta(minutes=minutes)
        do(database, {Duty.BEGIN_RESCORING: partial(tick, now)}, now, log_id="tick")

    assert begun == [None, "nightly-2026-11-23T02-00Z", None, "nightly-2026-11-24T02-00Z"]


def test_two_clocks_begin_one_rescoring(database: Database) -> None:
    add_customers(database, ["anna", "bert"])
    add_model(database)

    begun = [rescore(database, at=AT, now=DUE + timedelta(seconds=second)) for second in (5, 6, 65)]

    assert begun[0] is not None
    assert begun[1:] == [None, None]
    assert begun[0].operation_id == "nightly-2026-11-20T02-00Z"
    assert begun[0].total_count == 2
    assert counts(database, "operations", "outbox") == (1, 1)


def test_the_next_night_begins_another(database: Database) -> None:
    add_model(database)
    first = rescore(database, at=AT, now=DUE)
    assert first is not None
    with database.writing() as transaction:
        operations.finish(transaction, first.operation_id, {}, DUE)

    assert rescore(database, at=AT, now=DUE + timedelta(minutes=59)) is None
    second = rescore(database, at=AT, now=DUE + timedelta(days=1))

    assert second is not None
    assert second.operation_id == "nightly-2026-11-21T02-00Z"


def test_a_night_that_a_clock_two_days_ahead_began_keeps_none_from_tonight(database: Database) -> None:
    add_model(database)
    ahead = rescore(database, at=AT, now=DUE + timedelta(days=2))
    assert ahead is not None
    with database.writing() as transaction:
        operations.finish(transaction, ahead.operation_id, {}, ahead.create_time)

    tonight = rescore(database, at=AT, now=DUE)
    assert tonight is not None
    assert tonight.operation_id == "nightly-2026-11-20T02-00Z"
    with database.writing() as transaction:
        operations.finish(transaction, tonight.operation_id, {}, DUE)

    assert rescore(database, at=AT, now=DUE + timedelta(minutes=1)) is None


def test_an_operators_own_rescoring_stands_for_the_nights(database: Database) -> None:
    add_model(database)
    with database.writing() as transaction:
        rescoring.begin(transaction, make_cause(DUE + timedelta(minutes=1)))

    assert rescore(database, at=AT, now=DUE + timedelta(minutes=2)) is None

    assert counts(database, "operations") == (1,)


def test_a_night_without_a_model_passes_quietly(database: Database) -> None:
    assert rescore(database, at=AT, now=DUE) is None

    assert counts(database, "operations", "outbox", "audit_log") == (0, 0, 0)


def test_answers_to_request_ids_are_forgotten_after_thirty_days(database: Database) -> None:
    with database.writing() as transaction:
        requests.claim(transaction, "Create", "old", b"1", DUE - timedelta(days=30, seconds=1))
        requests.claim(transaction, "Create", "younger", b"1", DUE - timedelta(days=30))

    assert [forget_answers(tick_at(database, DUE)) for _ in range(2)] == [1, 0]


def test_old_answers_go_piece_by_piece_and_one_that_is_held_is_not_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.clock.schedule.FORGOTTEN_AT_ONCE", 2)
    with database.writing() as transaction:
        for name in "abcdef":
            requests.claim(transaction, "Create", name, b"1", DUE - timedelta(days=31))
    looks = iter([False, False, True])

    with database.writing() as holder:
        holder.execute(text("SELECT FROM requests WHERE request_id = 'b' FOR UPDATE"))
        assert forget_answers(tick_at(database, DUE, enough=lambda: next(looks))) == 4
        assert forget_answers(tick_at(database, DUE)) == 1

    assert forget_answers(tick_at(database, DUE)) == 1


def test_each_minute_another_step_is_the_first_and_none_is_left_out() -> None:
    steps = ["drift", "canaries", "reports"]

    turns = [in_turn(steps, DUE + minute * timedelta(minutes=1)) for minute in range(3)]

    assert {turn[0] for turn in turns} == set(steps)
    assert [sorted(turn) for turn in turns] == [sorted(steps)] * 3


def test_a_duty_that_fails_is_written_down_until_it_ends_well_and_keeps_none_from_being_done(
    database: Database,
) -> None:
    done, minute = list[str](), timedelta(minutes=1)

    def broken() -> None:
        raise ExceptionGroup("due", [ZeroDivisionError()])

    def standing(now: datetime) -> dict[str, tuple[datetime, object, bool]]:
        with database.reading() as snapshot:
            return {each.duty: (each.well_time, each.why, each.late(now)) for each in duties.standing(snapshot)}

    ending = {Duty.END_CAMPAIGNS: lambda: done.append("ended")}
    for number in (1, 2):
        with pytest.raises(ExceptionGroup, match="due by the clock"):
            do(database, {Duty.LAUNCH_CAMPAIGNS: broken, **ending}, DUE + number * minute, log_id="t7")
    why = {"code": "UNEXPECTED", "facts": {"type": "ZeroDivisionError", "log_id": "t7"}}
    assert standing(DUE + 2 * minute) == {
        "LAUNCH_CAMPAIGNS": (DUE + minute, why, True), "END_CAMPAIGNS": (DUE + 2 * minute, None, False)
    }  # fmt: skip

    do(database, {Duty.LAUNCH_CAMPAIGNS: lambda: done.append("launched")}, DUE + 3 * minute, log_id="t8")
    assert standing(DUE + 13 * minute) == {"LAUNCH_CAMPAIGNS": (DUE + 3 * minute, None, False)}
    assert standing(DUE + 14 * minute)["LAUNCH_CAMPAIGNS"][2]
    assert done == ["ended", "ended", "launched"]
