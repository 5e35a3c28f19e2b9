"""Coupons leave once each, for those who agree at that moment, and only while their campaign is active."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from made.campaigns import (
    NOT_OVER,
    NOW,
    TEN_PERCENT,
    add_customers,
    audit_lines,
    codes_of,
    counts,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    store_scores,
)
from running.lock_waits import somebody_waits
from running.provider import providing
from running.worker_processes import relaying, wait_for, wait_until_done, worker
from sqlalchemy import text

from campaigns.coupons import deliveries, handing_over
from campaigns.coupons.handing_over import Batch, Share
from campaigns.customers import erasure
from campaigns.life import campaigns, switches
from campaigns.life.refusals import CouponsStopped
from campaigns.terms.campaign import Channel
from campaigns.terms.refusals import CampaignNotMovable
from campaigns.tiers.tiers import Tier
from campaigns.watching import overview
from channels.folder import Folder
from channels.message import Fate, Message, Receipt
from database.life import holds
from database.session import Database
from database.work import broker, operations
from database.work.operations import RUNNING, SUCCEEDED, Operation
from settings import Settings
from worker.steps import handing_over as task
from worker.tools import Tools

BY_EMAIL = replace(TEN_PERCENT, channel=Channel.EMAIL)
FIVE = ["c1", "c2", "c3", "c4", "c5"]
LONG_AGO, EVER = NOW - timedelta(days=1), NOW + timedelta(days=1)


class Recorder:
    """A channel that is away when the test says so."""

    def __init__(self) -> None:
        self.away = self.takes_all_its_time = False
        self.stumbles_over: set[str] = set()
        self.refuses: set[str] = set()
        self.given: list[str] = []
        self.seconds = 0.0
        self.keys: list[str] = []

    def hand_over(self, _batch: str, messages: list[Message], *, until: float) -> list[Receipt]:
        self.seconds = until - time.monotonic()
        if self.takes_all_its_time:
            time.sleep(max(0.0, self.seconds))
        return [self._hand_over(message) for message in messages]

    def _hand_over(self, message: Message) -> Receipt:
        if self.away or message.customer_id in self.stumbles_over:
            return Receipt(Fate.WAITING, "HTTP 503")
        if message.customer_id in self.refuses:
            return Receipt(Fate.REFUSED, "HTTP 400")
        self.given.append(message.customer_id)
        self.keys.append(message.key)
        return Receipt(Fate.HANDED_OVER)


class Clocked(Tools):
    """At a time of the test, with the channel of the test."""

    later = timedelta()

    def now(self) -> datetime:
        return NOW + self.later


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def tools(database_url: str, recorder: Recorder) -> Iterator[Clocked]:
    made = Clocked(settings=Settings(message_chunk=2), database_url=database_url)
    made.__dict__["channels"] = {"EMAIL": recorder}
    yield made
    made.database.close()


def launched(database: Database, customers: list[str] = FIVE, **plan: object) -> None:
    add_customers(database, customers, consented=["email"])
    store_scores(database, dict.fromkeys(customers, 9000))
    launch_campaign(database, make_plan(offers=(BY_EMAIL,), **plan))


def begun(database: Database) -> Operation:
    with database.writing() as transaction:
        return handing_over.begin(transaction, make_cause(), "spring")


def step(tools: Tools, operation: Operation) -> bool:
    return task.step(tools, read_operation(tools.database, operation.operation_id))


def work(tools: Tools, operation: Operation) -> Operation:
    while step(tools, operation):
        pass
    return read_operation(tools.database, operation.operation_id)


def taken_by(
    database: Database, operation: Operation, *, abandoned: datetime = LONG_AGO, now: datetime = NOW
) -> Batch | None:
    """What a worker takes."""
    current = read_operation(database, operation.operation_id)
    share = Share(channels=["EMAIL"], limit=2, abandoned=abandoned, tried=now)
    with database.writing() as transaction:
        return handing_over.take(transaction, current, share, make_cause(now))


def take(
    database: Database, operation: Operation, *, abandoned: datetime = LONG_AGO, now: datetime = NOW
) -> list[str] | None:
    """And then dies with."""
    batch = taken_by(database, operation, abandoned=abandoned, now=now)
    return None if batch is None else [message.customer_id for message in batch.messages]


def states(database: Database) -> dict[str, str]:
    with database.reading() as snapshot:
        found = deliveries.page(snapshot, "spring", state=None, limit=100)
    return {each.customer_id: each.state for each in found}


def fates(database: Database) -> dict[str, int]:
    with database.reading() as snapshot:
        (channel,) = deliveries.deliveries(snapshot, campaigns.get(snapshot, "spring")).channels
    return {"due": channel.due, "waiting": channel.waiting, **{name: n for name, n in channel.fates.items() if n}}


def held_up(database: Database, now: datetime) -> list[str]:
    with database.reading() as snapshot:
        return [each.error for each in overview.alert(snapshot, now, approver=None).held_up]


def refused(database: Database) -> list[tuple[str, int, int, str | None]]:
    with database.reading() as snapshot:
        found = overview.alert(snapshot, NOW, approver=None).refused
    return [(each.channel, each.refused_count, each.answered_count, each.note) for each in found]


def disagree(database: Database, customer_id: str) -> None:
    with database.writing() as transaction:
        transaction.execute(
            text("UPDATE customers SET consented_channels = '{}' WHERE customer_id = :id"), {"id": customer_id}
        )


def begin_erasure(database: Database) -> Operation:
    with database.writing() as transaction:
        return erasure.begin(transaction, make_cause(), "c1")


def test_the_time_to_hand_over_runs_from_before_messages_are_taken(
    database: Database, tools: Tools, recorder: Recorder
) -> None:
    launched(database)
    operation = begun(database)
    step(tools, operation)
    tools.settings = Settings(redeliver_seconds=31, task_seconds=30)
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as transaction:
            operations.locked(transaction, operation.operation_id)
            stands_still = pool.submit(step, tools, operation)
            wait_for(lambda: somebody_waits(database))
            time.sleep(0.6)
        stands_still.result()

    assert recorder.seconds < 0


def test_whoever_stood_still_does_not_say_that_messages_wait_which_another_has_taken_since(
    database: Database,
) -> None:
    launched(database)
    operation, later = begun(database), NOW + timedelta(hours=1)
    taken = [taken_by(database, operation, now=now, abandoned=now) for now in (NOW, NOW, later)]
    for batch, fate in zip(taken[1:], (Fate.WAITING, Fate.HANDED_OVER), strict=True):
        assert batch is not None
        with database.writing() as transaction:
            handing_over.settle(transaction, "spring", batch, [Receipt(fate)] * 2, later)

    assert states(database) == {"c1": "HANDED_OVER", "c2": "HANDED_OVER"}


def test_every_coupon_is_handed_over_once_and_a_second_hand_over_finds_nothing(
    database: Database, tools: Tools, recorder: Recorder
) -> None:
    launched(database)

    done = work(tools, begun(database))

    assert recorder.given == FIVE
    assert len(set(recorder.keys)) == 5
    assert 100 < recorder.seconds <= (300 - 30) / 2, (
        "what is begun is over before the broker gives it to another worker"
    )
    assert (done.state, done.done_count, done.total_count) == (SUCCEEDED, 5, 5)
    assert done.response == {"HANDED_OVER": 5, "REFUSED": 0, "NO_CONSENT": 0, "LAPSED": 0}
    assert fates(database) == {"due": 5, "waiting": 0, "HANDED_OVER": 5}
    assert audit_lines(database)[-1] == ("coupons.handOver.finish", "campaigns/spring", "OK")
    work(tools, begun(database))
    assert recorder.given == FIVE


def test_who_does_not_agree_any_more_gets_nothing(database: Database, tools: Tools, recorder: Recorder) -> None:
    launched(database)
    disagree(database, "c2")

    work(tools, begun(database))

    assert recorder.given == ["c1", "c3", "c4", "c5"]
    assert states(database)["c2"] == "NO_CONSENT"
    assert fates(database) == {"due": 5, "waiting": 0, "HANDED_OVER": 4, "NO_CONSENT": 1}


def test_a_pause_holds_and_a_resumption_goes_on_after_it(database: Database, tools: Tools, recorder: Recorder) -> None:
    launched(database)
    operation = begun(database)
    assert [step(tools, operation), step(tools, operation)] == [True, True]
    with database.writing() as transaction:
        campaigns.pause(transaction, make_cause(), "spring")
    before = counts(database, "messages", "message_counts")

    assert step(tools, operation) is False

    assert (recorder.given, counts(database, "messages", "message_counts")) == (["c1", "c2"], before)
    (waiting,) = counts(database, "outbox")
    with database.writing() as transaction:
        campaigns.resume(transaction, make_cause(), "spring")
    assert counts(database, "outbox") == (waiting + 1,)
    work(tools, operation)
    assert recorder.given == FIVE


def test_nobody_is_written_to_of_a_code_that_no_till_takes_yet(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    add_customers(database, FIVE, consented=["email"])
    store_scores(database, dict.fromkeys(FIVE, 9000))
    launch_campaign(database, make_plan(offers=(BY_EMAIL,), start_time=NOW + timedelta(hours=1)))
    operation = begun(database)

    held = work(tools, operation)
    assert (held.state, held.error) == (RUNNING, "messages wait: campaigns/spring begins at 2026-11-20T13:00:00+00:00")
    assert states(database) == {}
    tools.later = timedelta(hours=1)

    assert work(tools, operation).state == SUCCEEDED
    assert recorder.given == FIVE


def test_the_kill_switch_holds_and_an_end_ends(database: Database, tools: Tools, recorder: Recorder) -> None:
    launched(database)
    operation = begun(database)
    step(tools, operation)
    with database.writing() as transaction:
        switches.stop(transaction, make_cause(reason="wrong prices"), "spring")
    with pytest.raises(CouponsStopped):
        take(database, operation)
    assert (step(tools, operation), recorder.given) == (False, [])
    with database.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")

    assert step(tools, operation) is False

    assert read_operation(database, operation.operation_id).state == "CANCELLED"
    assert states(database) == {}


def test_what_waits_at_the_end_lapses_and_what_a_living_worker_has_is_told_by_it(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    launched(database)
    operation = begun(database)
    recorder.away = True
    work(tools, operation)
    assert take(database, operation, now=NOW) == ["c3", "c4"]
    with database.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")

    assert step(tools, operation) is False
    assert states(database) == {"c1": "LAPSED", "c2": "LAPSED", "c3": "SENDING", "c4": "SENDING"}
    assert not read_operation(database, operation.operation_id).done
    tools.later = timedelta(minutes=10)

    assert step(tools, operation) is False
    assert read_operation(database, operation.operation_id).state == "CANCELLED"
    assert fates(database) == {"due": 5, "waiting": 1, "LAPSED": 4}


def test_what_a_worker_two_days_ahead_took_lapses_at_the_end_too(database: Database, tools: Tools) -> None:
    launched(database)
    operation = begun(database)
    assert [take(database, operation, now=NOW + timedelta(days=2)) for _ in range(2)] == [[], ["c1", "c2"]]
    with database.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")

    assert step(tools, operation) is False

    assert states(database) == {"c1": "LAPSED", "c2": "LAPSED"}
    assert read_operation(database, operation.operation_id).state == "CANCELLED"


def test_what_was_refused_is_handed_over_again_by_the_next_hand_over_under_the_same_keys(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    launched(database)
    recorder.refuses = {"c1", "c3", "c4"}
    assert work(tools, begun(database)).state == SUCCEEDED
    assert fates(database) == {"due": 5, "waiting": 0, "HANDED_OVER": 2, "REFUSED": 3}
    assert refused(database) == [("EMAIL", 3, 5, "HTTP 400")]
    recorder.refuses, tools.later = {"c1"}, timedelta(hours=2)

    again = work(tools, begun(database))

    assert again.response == {"HANDED_OVER": 4, "REFUSED": 1, "NO_CONSENT": 0, "LAPSED": 0}
    assert fates(database) == {"due": 5, "waiting": 0, "HANDED_OVER": 4, "REFUSED": 1}
    assert refused(database) == [], "there are always some who have no mailbox"
    assert sorted(recorder.given) == ["c2", "c3", "c4", "c5"]


def test_what_was_refused_leaves_again_without_what_a_living_worker_has_of_its_batch(database: Database) -> None:
    launched(database)
    first = begun(database)
    assert [take(database, first), take(database, first)] == [[], ["c1", "c2"]]
    with database.writing() as transaction:
        transaction.execute(text("UPDATE messages SET state = 'REFUSED', settle_time = now() WHERE customer_id = 'c1'"))
        operations.cancel(transaction, first.operation_id, NOW)

    again = begun(database)

    later = NOW + timedelta(minutes=5)
    assert [take(database, again, now=later), take(database, again, now=later)] == [[], ["c1"]]


def test_coupons_of_a_channel_without_an_address_are_told(database: Database, tools: Tools) -> None:
    add_customers(database, FIVE, consented=["email", "sms"])
    store_scores(database, {name: 9000 if name in ("c1", "c3") else 2000 for name in FIVE})
    launch_campaign(database, make_plan(offers=(BY_EMAIL, replace(TEN_PERCENT, tier=Tier.MID, channel=Channel.SMS))))

    done = work(tools, begun(database))

    assert (done.state, done.done_count, done.total_count) == (SUCCEEDED, 2, 2)
    with database.reading() as snapshot:
        found = deliveries.deliveries(snapshot, campaigns.get(snapshot, "spring")).channels
    assert [(each.channel, each.due, each.waiting) for each in found] == [("EMAIL", 2, 0), ("SMS", 3, 3)]


def test_messages_wait_for_a_channel_that_is_away_and_leave_first_when_it_is_back(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    launched(database)
    operation = begun(database)
    step(tools, operation)
    recorder.away = True
    assert step(tools, operation) is False
    waiting = read_operation(database, operation.operation_id)
    assert (waiting.error, waiting.why) == (
        "messages wait: HTTP 503", {"code": "MESSAGES_WAIT", "facts": {"note": "HTTP 503"}},
    )  # fmt: skip
    assert states(database) == {"c1": "WAITING", "c2": "WAITING"}
    late = NOW + overview.SILENT + timedelta(seconds=1)
    assert [held_up(database, NOW + overview.SILENT), held_up(database, late)] == [[], ["messages wait: HTTP 503"]]
    disagree(database, "c2")
    recorder.away = False
    tools.later = timedelta(minutes=2)

    done = work(tools, operation)

    assert recorder.given == ["c1", "c3", "c4", "c5"]
    assert (done.state, fates(database)["NO_CONSENT"]) == (SUCCEEDED, 1)
    assert held_up(database, late) == []


def test_messages_that_a_clock_two_days_ahead_took_leave_at_once_when_it_went_back(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    launched(database)
    operation = begun(database)
    step(tools, operation)
    tools.later, recorder.away = timedelta(days=2), True
    step(tools, operation)
    assert take(database, operation, now=NOW + tools.later) == ["c3", "c4"], "whose worker dies with them"
    assert states(database) == {"c1": "WAITING", "c2": "WAITING", "c3": "SENDING", "c4": "SENDING"}
    tools.later, recorder.away = timedelta(), False

    done = work(tools, operation)

    assert (done.state, sorted(recorder.given)) == (SUCCEEDED, ["c1", "c2", "c3", "c4", "c5"])


def test_a_message_that_its_channel_never_takes_holds_up_no_other(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    launched(database)
    operation = begun(database)
    recorder.stumbles_over = {"c1", "c3"}

    for _ in range(3):
        assert work(tools, operation).state == RUNNING
        tools.later += timedelta(minutes=2)

    assert recorder.given == ["c2", "c4", "c5"]
    assert states(database) == dict.fromkeys(FIVE, "HANDED_OVER") | {"c1": "WAITING", "c3": "WAITING"}
    recorder.stumbles_over = set()
    assert work(tools, operation).state == SUCCEEDED
    assert recorder.given == ["c2", "c4", "c5", "c1", "c3"]
    assert len(set(recorder.keys)) == 5


def test_whoever_waits_leaves_when_the_channel_is_back(database: Database, tools: Clocked, recorder: Recorder) -> None:
    launched(database)
    operation = begun(database)
    recorder.away = True
    for minutes in (0, 0, 2):
        tools.later = timedelta(minutes=minutes)
        work(tools, operation)

    assert states(database) == dict.fromkeys(FIVE, "WAITING")
    recorder.away = False
    tools.later = timedelta(minutes=4)
    assert work(tools, operation).state == SUCCEEDED
    assert recorder.given == ["c3", "c4", "c1", "c2", "c5"], "the longest untried first"


@pytest.mark.parametrize("knows_both", [True, False], ids=["away", "unknown"])
def test_a_channel_that_is_away_or_unknown_holds_up_no_other(
    database: Database, tools: Clocked, recorder: Recorder, *, knows_both: bool
) -> None:
    add_customers(database, FIVE, consented=["email", "sms"])
    store_scores(database, {name: 9000 if name in ("c1", "c3") else 2000 for name in FIVE})
    by_sms = replace(TEN_PERCENT, tier=Tier.MID, channel=Channel.SMS)
    launch_campaign(database, make_plan(offers=(BY_EMAIL, by_sms)))
    operation, sms = begun(database), Recorder()
    channels = {"EMAIL": recorder, "SMS": sms}
    tools.__dict__["channels"] = channels
    recorder.away = sms.away = True
    work(tools, operation)
    assert states(database) == {"c1": "WAITING", "c2": "WAITING"}

    tools.__dict__["channels"] = channels if knows_both else {"SMS": sms}
    tools.later, sms.away = timedelta(minutes=2), False

    assert work(tools, operation).state == RUNNING
    assert sms.given == ["c2", "c4", "c5"]


def test_a_channel_that_takes_all_its_time_leaves_the_others_theirs(
    database: Database, tools: Tools, recorder: Recorder, tmp_path: Path
) -> None:
    add_customers(database, ["c1", "c2"], consented=["email", "sms"])
    store_scores(database, {"c1": 9000, "c2": 2000})
    launch_campaign(database, make_plan(offers=(BY_EMAIL, replace(TEN_PERCENT, tier=Tier.MID, channel=Channel.SMS))))
    tools.settings = Settings(message_chunk=2, redeliver_seconds=31, task_seconds=30)
    tools.__dict__["channels"] = {"EMAIL": recorder, "SMS": Folder(tmp_path)}
    recorder.away = recorder.takes_all_its_time = True
    operation = begun(database)
    step(tools, operation)
    step(tools, operation)

    assert states(database) == {"c1": "WAITING", "c2": "HANDED_OVER"}


def test_the_batch_of_a_dead_worker_leaves_again_under_the_same_keys_and_that_of_a_living_one_does_not(
    database: Database, tools: Tools, recorder: Recorder
) -> None:
    launched(database)
    operation = begun(database)
    step(tools, operation)
    assert take(database, operation) == ["c1", "c2"]

    assert take(database, operation) == ["c3", "c4"]
    assert take(database, operation) == ["c5"]
    assert take(database, operation) is None
    assert not read_operation(database, operation.operation_id).done
    assert take(database, operation, abandoned=EVER) == ["c1", "c2"]
    assert counts(database, "messages") == (5,)


def test_a_used_coupon_is_not_announced_and_an_erased_customer_is_not_written_to(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    launched(database)
    operation = begun(database)
    step(tools, operation)
    assert take(database, operation) == ["c1", "c2"]
    with database.writing() as transaction:
        transaction.execute(text("UPDATE coupons SET state = 'REDEEMED' WHERE customer_id IN ('c2', 'c3')"))
    with database.writing() as transaction:
        erasure.begin(transaction, make_cause(), "c1")
        transaction.execute(text("UPDATE messages SET state = 'WAITING'"))

    tools.later = timedelta(minutes=2)
    work(tools, operation)

    assert recorder.given == ["c4", "c5"]
    (erased,) = states(database).keys() - set(FIVE)
    assert states(database) == dict.fromkeys(("c2", "c3", erased), "LAPSED") | dict.fromkeys(
        ("c4", "c5"), "HANDED_OVER"
    )


def test_who_was_written_to_and_erased_afterwards_counts_once_however_often_coupons_are_handed_over(
    database: Database, tools: Tools
) -> None:
    launched(database)
    work(tools, begun(database))
    with database.writing() as transaction:
        erasure.begin(transaction, make_cause(), "c1")

    again = work(tools, begun(database))

    assert (again.state, fates(database)) == (SUCCEEDED, {"due": 5, "waiting": 0, "HANDED_OVER": 5})
    assert list(states(database).values()) == ["HANDED_OVER"] * 5


def test_whoever_is_erased_while_messages_are_taken_has_one_still(database: Database, tools: Tools) -> None:
    launched(database)
    operation = begun(database)
    step(tools, operation)
    with ThreadPoolExecutor(1) as others, database.writing() as transaction:
        share = Share(channels=["EMAIL"], limit=2, abandoned=LONG_AGO, tried=NOW)
        current = read_operation(database, operation.operation_id)
        assert handing_over.take(transaction, current, share, make_cause())
        erasing = others.submit(begin_erasure, database)
        wait_for(lambda: erasing.done() or somebody_waits(database))
    while not (current := read_operation(database, erasing.result().operation_id)).done:
        with database.writing() as transaction:
            assert erasure.step(transaction, current, make_cause())

    assert len(states(database)) == 2
    assert states(database).keys() <= codes_of(database).keys()


def test_coupons_that_were_used_or_over_before_their_turn_are_not_told_to_wait(
    database: Database, tools: Tools
) -> None:
    launched(database)
    operation = begun(database)
    with database.writing() as transaction:
        transaction.execute(text("UPDATE coupons SET state = 'REDEEMED' WHERE customer_id = 'c1'"))
    with database.writing() as transaction:
        erasure.begin(transaction, make_cause(), "c3")

    done = work(tools, operation)

    assert (done.state, done.done_count, done.total_count) == (SUCCEEDED, 5, 5)
    assert fates(database) == {"due": 5, "waiting": 0, "HANDED_OVER": 3, "LAPSED": 2}


def test_only_an_active_campaign_is_handed_over_and_one_hand_over_at_a_time(database: Database) -> None:
    launched(database)
    first = begun(database)
    assert begun(database).operation_id == first.operation_id
    with database.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")

    with pytest.raises(CampaignNotMovable), database.writing() as transaction:
        handing_over.begin(transaction, make_cause(), "spring")


SMS_FOR_AN_HOUR = {"SMS": "13:00-14:00"}
"""From now on, in the zone of the campaign."""


def launched_by_two(
    database: Database, tools: Tools, recorder: Recorder, quiet_hours: dict[str, str] = SMS_FOR_AN_HOUR, **plan: object
) -> Recorder:
    """To c1 and c3 by e-mail, to the others by text message."""
    add_customers(database, FIVE, consented=["email", "sms"])
    store_scores(database, {name: 9000 if name in ("c1", "c3") else 2000 for name in FIVE})
    by_sms = replace(TEN_PERCENT, tier=Tier.MID, channel=Channel.SMS)
    launch_campaign(database, make_plan(offers=(BY_EMAIL, by_sms), zone="Europe/Berlin", **plan))
    tools.settings = Settings.model_validate({"message_chunk": 2, "quiet_hours": quiet_hours})
    tools.__dict__["channels"] = {"EMAIL": recorder, "SMS": (sms := Recorder())}
    return sms


def told_to_stand(database: Database, now: datetime) -> bool:
    with database.reading() as snapshot:
        return bool(holds.held(snapshot, now))


def test_in_quiet_hours_messages_wait_without_being_trouble_and_leave_at_their_end(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    sms = launched_by_two(database, tools, recorder)
    operation, hour = begun(database), timedelta(hours=1)

    waiting = work(tools, operation)

    assert (recorder.given, sms.given, waiting.state) == (["c1", "c3"], [], RUNNING)
    assert waiting.error == "messages of SMS wait until 2026-11-20T14:00:00+01:00 (Europe/Berlin): quiet hours"
    assert states(database) == dict.fromkeys(FIVE, "WAITING") | {"c1": "HANDED_OVER", "c3": "HANDED_OVER"}
    assert [held_up(database, NOW + later) for later in (hour, hour + overview.SILENT)] == [[], [waiting.error]]
    assert [told_to_stand(database, NOW + later) for later in (hour, hour + overview.SILENT)] == [True, False]
    disagree(database, "c4")
    tools.later = hour - timedelta(seconds=1)
    work(tools, operation)
    assert sms.given == []
    tools.later = hour
    assert step(tools, operation)
    assert read_operation(database, operation.operation_id).error is None, "what leaves waits no more"

    done = work(tools, operation)

    assert (sms.given, states(database)["c4"], done.state) == (["c2", "c5"], "NO_CONSENT", SUCCEEDED)


def test_quiet_hours_of_a_channel_do_not_hide_that_another_is_away_and_an_end_ends_them(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    sms = launched_by_two(database, tools, recorder)
    operation, recorder.away = begun(database), True
    for minutes in (0, 2, 4, 6):
        tools.later = timedelta(minutes=minutes)
        work(tools, operation)
    assert read_operation(database, operation.operation_id).error == "messages wait: HTTP 503"
    with database.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")

    work(tools, operation)

    assert (states(database), sms.given) == (dict.fromkeys(FIVE, "LAPSED"), [])


def test_each_quiet_channel_is_told_with_its_end_and_first_what_the_end_of_the_campaign_forestalls(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    both, long = {"EMAIL": "13:00-15:00", "SMS": "13:00-14:00"}, timedelta(minutes=50)
    launched_by_two(database, tools, recorder, both, end_time=NOW + timedelta(minutes=90))
    operation, mail, sms = begun(database), "2026-11-20T15:00:00+01:00", "2026-11-20T14:00:00+01:00"

    never = work(tools, operation)

    assert never.error == (
        f"messages of EMAIL are not sent: quiet hours last until {mail} (Europe/Berlin), "
        "and campaigns/spring is over before"
    )
    assert (held_up(database, NOW + long), told_to_stand(database, NOW + long)) == ([never.error], True)
    with database.writing() as transaction:
        transaction.execute(text("UPDATE campaigns SET end_time = end_time + interval '1 day'"))
    waiting = work(tools, operation)
    assert waiting.error == f"messages of SMS, EMAIL wait until {sms}, {mail} (Europe/Berlin): quiet hours"
    assert (held_up(database, NOW + long), told_to_stand(database, NOW + long)) == ([], True)
    with database.reading() as snapshot:
        told = deliveries.deliveries(snapshot, campaigns.get(snapshot, "spring")).quiet
    assert told == [("SMS", datetime.fromisoformat(sms)), ("EMAIL", datetime.fromisoformat(mail))]


def test_what_a_dead_worker_had_taken_waits_for_the_end_of_quiet_hours_too(
    database: Database, tools: Clocked, recorder: Recorder
) -> None:
    sms = launched_by_two(database, tools, recorder)
    operation = begun(database)
    share = Share(channels=["SMS"], limit=2, abandoned=LONG_AGO, tried=LONG_AGO)
    for _ in range(2):
        with database.writing() as transaction:
            before = read_operation(database, operation.operation_id)
            handing_over.take(transaction, before, share, make_cause(NOW - timedelta(minutes=1)))
    assert states(database) == {"c2": "SENDING", "c4": "SENDING"}
    tools.later = timedelta(minutes=30)
    work(tools, operation)
    assert sms.given == []
    tools.later = timedelta(hours=1)

    assert work(tools, operation).state == SUCCEEDED
    assert sms.given == ["c2", "c4", "c5"]


@contextmanager
def working(database: Database, url: str, address: str) -> Iterator[None]:
    settings = {"TIERWISE_CHANNELS": json.dumps({"EMAIL": address}), "TIERWISE_MESSAGE_CHUNK": "20"}
    with relaying(database, url, revive_seconds=2), worker(url, **settings):
        yield


def test_a_worker_that_is_killed_sends_nothing_under_a_second_key(
    database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    crowd = [f"c{number:03}" for number in range(300)]
    launched(database, crowd, end_time=NOT_OVER)
    operation = begun(database)
    broker.install(database_url)
    with providing() as provider:
        with working(database, database_url, provider.address):
            wait_for(lambda: len(provider.came) > 60, seconds=120)
        with working(database, database_url, provider.address):
            done = wait_until_done(database, operation, seconds=120)

    came = {key: document["code"] for key, document in provider.came}
    assert (len(came), set(came.values())) == (300, set(codes_of(database).values()))
    begun_again = caplog.text.count("handed to the workers again")
    assert len(provider.came) <= 300 + 20 * begun_again
    assert done.response == {"HANDED_OVER": 300, "REFUSED": 0, "NO_CONSENT": 0, "LAPSED": 0}
