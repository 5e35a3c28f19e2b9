"""What analysts read is kept fresh: the clock looks each minute for what is due, and does as much as time allows."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from campaigns.watching import readings
from database.coupons import counting
from database.events import counting as counting_messages
from database.models import score_history
from database.reporting import refreshing
from database.reporting.refreshing import ReportSettings
from database.session import Database, Snapshot
from settings import Settings
from worker.clock.tick import Tick, each

log = logging.getLogger(__name__)
OF_COUNTS = ("campaign_performance", "coupon_funnel")
"""Their rows are made from what is counted of campaigns one by one."""
OF_DAYS = "messages"
"""Its rows are made from what is counted of messages day by day."""
PACE = 600.0
"""A view is made anew after this many times as long as that took: what takes a tenth of a second, each minute."""
LEAST_SECONDS = 0.001


def tend(tick: Tick, read: Settings) -> None:
    """Everything that is due."""
    every = timedelta(minutes=read.report_refresh_minutes)
    each(
        [
            lambda: configure(tick.database, settings_of(read), tick.now),
            lambda: take_readings(tick),
            lambda: measure_models(tick),
            lambda: refresh(tick, every=every),
        ]
    )


def settings_of(read: Settings) -> ReportSettings:
    """Those that views go by."""
    key = None if read.report_key is None else read.report_key.get_secret_value()
    return ReportSettings(key=key, minimum_group=read.report_minimum_group, currency=read.currency)


def configure(database: Database, wanted: ReportSettings, now: datetime) -> bool:
    """Let the views go by the settings; whether that changed anything."""
    with database.writing() as transaction:
        return refreshing.configure(transaction, wanted, now)


def take_readings(tick: Tick) -> int:
    """The day's look at each campaign that was not looked at; how many."""
    with tick.database.reading() as snapshot:
        waiting = readings.due(snapshot, tick.now)
    return sum(tick.each(waiting, lambda transaction, campaign_id: readings.take(transaction, campaign_id, tick.now)))


def measure_models(tick: Tick) -> int:
    """Compare kept scores with what came, where their horizon is over; how many months and horizons."""
    with tick.database.reading() as snapshot:
        waiting = score_history.due(snapshot, tick.now)
    return len(tick.each(waiting, score_history.measure))


def refresh(tick: Tick, *, every: timedelta, pace: float = PACE) -> list[str]:
    """Make the rows of each view anew that are due; which succeeded.

    That is `pace` times as long after the last time as that took, at the latest after `every`. One that fails keeps
    its rows, with a note when it failed, and is tried again some minutes later. A campaign shows as soon as its coupons
    are issued.
    """
    launched = _launched(tick)
    with tick.database.reading() as snapshot:
        due = refreshing.due(snapshot, tick.now, every=every)
    waiting = [*due, *(name for name in OF_COUNTS if launched and name not in due)]
    done = []
    for name in tick.in_time(waiting):
        try:
            began = time.monotonic()
            if name in due and not _counted_for(tick, name, every=every, pace=pace):
                continue
            counting_seconds = time.monotonic() - began
            if _refreshed(tick, name):
                done.append(name)
                _plan(tick, name, every=every, pace=pace, counting_seconds=counting_seconds)
        except Exception as error:
            log.exception("reporting.%s was not refreshed; its rows stay", name)
            with tick.database.writing() as transaction:
                refreshing.failed(transaction, name, str(error), tick.now)
    return done


def _counted_for(tick: Tick, name: str, *, every: timedelta, pace: float) -> bool:
    """Whether everything is counted that the rows of a view are made from."""
    if name in OF_COUNTS:
        with tick.database.reading() as snapshot:
            usual = _interval(snapshot, name, every=every, pace=pace)
        return count(tick, every=usual / 2)
    return name != OF_DAYS or count_messages(tick)


def _plan(tick: Tick, name: str, *, every: timedelta, pace: float, counting_seconds: float) -> None:
    with tick.database.writing() as transaction:
        usual = _interval(transaction, name, every=every, pace=pace, counting_seconds=counting_seconds)
        refreshing.plan(transaction, name, tick.now + usual)


def _interval(
    snapshot: Snapshot, name: str, *, every: timedelta, pace: float, counting_seconds: float = 0
) -> timedelta:
    """After which a view is made anew. Those of campaigns have one for both: either would have all of them counted."""
    took = refreshing.seconds(snapshot, name) + counting_seconds
    if name in OF_COUNTS:
        took = counting.seconds(snapshot) + max(refreshing.seconds(snapshot, each) for each in OF_COUNTS)
    return timedelta(seconds=min(every.total_seconds(), pace * max(took, LEAST_SECONDS)))


def _launched(tick: Tick) -> int:
    """How many new campaigns are counted. One that fails keeps no view from being made anew."""
    try:
        with tick.database.reading() as snapshot:
            waiting = counting.new(snapshot, tick.now)
        return _counted(tick, waiting)
    except Exception:
        log.exception("a campaign that was just issued was not counted")
        return 0


def count(tick: Tick, *, every: timedelta) -> bool:
    """Count what is due of campaigns; whether nothing is left to count."""
    with tick.database.reading() as snapshot:
        waiting = counting.due(snapshot, tick.now, every=every)
    return _counted(tick, waiting) == len(waiting)


def _counted(tick: Tick, waiting: Sequence[str]) -> int:
    """How many."""
    return sum(tick.each(waiting, lambda transaction, campaign_id: counting.count(transaction, campaign_id, tick.now)))


def count_messages(tick: Tick) -> bool:
    """Count the days of which messages came or went; whether nothing is left to count."""
    with tick.database.reading() as snapshot:
        waiting = counting_messages.due(snapshot)
    return sum(tick.each(waiting, counting_messages.count)) == len(waiting)


def _refreshed(tick: Tick, name: str) -> bool:
    with tick.writing() as transaction:
        as_of = counting.as_of(transaction, tick.now) if name in OF_COUNTS else tick.now
        return refreshing.refresh(transaction, name, as_of)
