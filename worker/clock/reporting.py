"""What analysts read is kept fresh: the clock looks each minute for what is due, and does as much as time allows."""

import logging
import time
from datetime import date, datetime, timedelta
from functools import partial

from campaigns.watching import readings
from database import patience
from database.coupons import counting
from database.events import counting as counting_messages
from database.models import score_history
from database.reporting import refreshing
from database.reporting.refreshing import ReportSettings
from database.session import Database, Snapshot
from settings import Settings
from worker.clock.schedule import Enough, each, while_there_is_time

log = logging.getLogger(__name__)
OF_COUNTS = ("campaign_performance", "coupon_funnel")
"""Their rows are made from what is counted of campaigns one by one."""
OF_DAYS = "messages"
"""Its rows are made from what is counted of messages day by day."""
PACE = 600.0
"""A view is made anew after this many times as long as that took: what takes a tenth of a second, each minute."""
LEAST_SECONDS = 0.001


def tend(database: Database, read: Settings, now: datetime, *, enough: Enough) -> None:
    """Everything that is due."""
    seconds = read.step_seconds
    every = timedelta(minutes=read.report_refresh_minutes)
    each(
        [
            lambda: configure(database, settings_of(read), now),
            lambda: take_readings(database, now, seconds=seconds, enough=enough),
            lambda: measure_models(database, now, seconds=seconds, enough=enough),
            lambda: refresh(database, now, every=every, seconds=seconds, enough=enough),
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


def take_readings(database: Database, now: datetime, *, seconds: float, enough: Enough) -> int:
    """The day's look at each campaign that was not looked at, each in a transaction of its own; how many."""
    with database.reading() as snapshot:
        waiting = readings.due(snapshot, now)
    in_time = while_there_is_time(waiting, enough)
    return sum(each(partial(_taken, database, campaign_id, now, seconds) for campaign_id in in_time))


def _taken(database: Database, campaign_id: str, now: datetime, seconds: float) -> bool:
    with database.writing() as transaction:
        patience.limit(transaction, seconds)
        return readings.take(transaction, campaign_id, now)


def measure_models(database: Database, now: datetime, *, seconds: float, enough: Enough) -> int:
    """Compare kept scores with what came, where their horizon is over; how many months and horizons."""
    with database.reading() as snapshot:
        waiting = score_history.due(snapshot, now)
    measured = 0
    for what in while_there_is_time(waiting, enough):
        with database.writing() as transaction:
            patience.limit(transaction, seconds)
            score_history.measure(transaction, what)
        measured += 1
    return measured


def refresh(
    database: Database, now: datetime, *, every: timedelta, seconds: float, enough: Enough, pace: float = PACE
) -> list[str]:
    """Make the rows of each view anew that are due, each in at most `seconds`; which succeeded.

    That is `pace` times as long after the last time as that took, at the latest after `every`. One that fails keeps
    its rows, with a note when it failed, and is tried again some minutes later. A campaign shows as soon as its coupons
    are issued.
    """
    launched = _launched(database, now, seconds=seconds, enough=enough)
    with database.reading() as snapshot:
        due = refreshing.due(snapshot, now, every=every)
    waiting = [*due, *(name for name in OF_COUNTS if launched and name not in due)]
    done = []
    for name in while_there_is_time(waiting, enough):
        try:
            began = time.monotonic()
            if name in due and not _counted_for(
                database, name, now, every=every, seconds=seconds, enough=enough, pace=pace
            ):
                continue
            counting_seconds = time.monotonic() - began
            if _refreshed(database, name, now, seconds):
                done.append(name)
                _plan(database, name, now, every=every, pace=pace, counting_seconds=counting_seconds)
        except Exception as error:
            log.exception("reporting.%s was not refreshed; its rows stay", name)
            with database.writing() as transaction:
                refreshing.failed(transaction, name, str(error), now)
    return done


def _counted_for(
    database: Database, name: str, now: datetime, *, every: timedelta, seconds: float, enough: Enough, pace: float
) -> bool:
    """Whether everything is counted that the rows of a view are made from."""
    if name in OF_COUNTS:
        with database.reading() as snapshot:
            usual = _interval(snapshot, name, every=every, pace=pace)
        return count(database, now, every=usual / 2, seconds=seconds, enough=enough)
    return name != OF_DAYS or count_messages(database, seconds=seconds, enough=enough)


def _plan(
    database: Database, name: str, now: datetime, *, every: timedelta, pace: float, counting_seconds: float
) -> None:
    with database.writing() as transaction:
        usual = _interval(transaction, name, every=every, pace=pace, counting_seconds=counting_seconds)
        refreshing.plan(transaction, name, now + usual)


def _interval(
    snapshot: Snapshot, name: str, *, every: timedelta, pace: float, counting_seconds: float = 0
) -> timedelta:
    """After which a view is made anew. Those of campaigns have one for both: either would have all of them counted."""
    took = refreshing.seconds(snapshot, name) + counting_seconds
    if name in OF_COUNTS:
        took = counting.seconds(snapshot) + max(refreshing.seconds(snapshot, each) for each in OF_COUNTS)
    return timedelta(seconds=min(every.total_seconds(), pace * max(took, LEAST_SECONDS)))


def _launched(database: Database, now: datetime, *, seconds: float, enough: Enough) -> int:
    """How many new campaigns are counted. One that fails keeps no view from being made anew."""
    try:
        return count_new(database, now, seconds=seconds, enough=enough)
    except Exception:
        log.exception("a campaign that was just issued was not counted")
        return 0


def count_new(database: Database, now: datetime, *, seconds: float, enough: Enough) -> int:
    """Count the campaigns whose coupons were just issued, each in a transaction of its own; how many."""
    with database.reading() as snapshot:
        waiting = counting.new(snapshot, now)
    in_time = while_there_is_time(waiting, enough)
    return sum(each(partial(_counted, database, campaign_id, now, seconds) for campaign_id in in_time))


def count(database: Database, now: datetime, *, every: timedelta, seconds: float, enough: Enough) -> bool:
    """Count what is due of campaigns, each in a transaction of its own; whether nothing is left to count."""
    with database.reading() as snapshot:
        waiting = counting.due(snapshot, now, every=every)
    in_time = while_there_is_time(waiting, enough)
    done = each(partial(_counted, database, campaign_id, now, seconds) for campaign_id in in_time)
    return sum(done) == len(waiting)


def count_messages(database: Database, *, seconds: float, enough: Enough) -> bool:
    """Count the days of which messages came or went, each in a transaction of its own; whether nothing is left."""
    with database.reading() as snapshot:
        waiting = counting_messages.due(snapshot)
    in_time = while_there_is_time(waiting, enough)
    done = each(partial(_counted_day, database, day, seconds) for day in in_time)
    return sum(done) == len(waiting)


def _counted_day(database: Database, day: date, seconds: float) -> bool:
    with database.writing() as transaction:
        patience.limit(transaction, seconds)
        return counting_messages.count(transaction, day)


def _counted(database: Database, campaign_id: str, now: datetime, seconds: float) -> bool:
    with database.writing() as transaction:
        patience.limit(transaction, seconds)
        return counting.count(transaction, campaign_id, now)


def _refreshed(database: Database, name: str, now: datetime, seconds: float) -> bool:
    with database.writing() as transaction:
        patience.limit(transaction, seconds)
        as_of = counting.as_of(transaction, now) if name in OF_COUNTS else now
        return refreshing.refresh(transaction, name, as_of)
