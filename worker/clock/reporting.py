"""What analysts read is kept fresh: the clock looks each minute for what is due, and does as much as time allows."""

import logging
from datetime import datetime, timedelta
from functools import partial

from campaigns.watching import readings
from database import patience
from database.coupons import counting
from database.models import score_history
from database.reporting import refreshing
from database.reporting.refreshing import ReportSettings
from database.session import Database
from settings import Settings
from worker.clock.schedule import Enough, each, while_there_is_time

log = logging.getLogger(__name__)
OF_COUNTS = ("campaign_performance", "coupon_funnel")
"""Their rows are made from what is counted of campaigns one by one."""


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


def refresh(database: Database, now: datetime, *, every: timedelta, seconds: float, enough: Enough) -> list[str]:
    """Make the rows of each view anew that are older than `every`, each in at most `seconds`; which succeeded.

    One that fails keeps its rows, with a note when it failed, and is tried again some minutes later.
    """
    with database.reading() as snapshot:
        waiting = refreshing.due(snapshot, now, every=every)
    done = []
    for name in while_there_is_time(waiting, enough):
        try:
            counted = name not in OF_COUNTS or count(database, now, every=every / 2, seconds=seconds, enough=enough)
            if counted and _refreshed(database, name, now, seconds):
                done.append(name)
        except Exception as error:
            log.exception("reporting.%s was not refreshed; its rows stay", name)
            with database.writing() as transaction:
                refreshing.failed(transaction, name, str(error), now)
    return done


def count(database: Database, now: datetime, *, every: timedelta, seconds: float, enough: Enough) -> bool:
    """Count what is due of campaigns, each in a transaction of its own; whether nothing is left to count."""
    with database.reading() as snapshot:
        waiting = counting.due(snapshot, now, every=every)
    in_time = while_there_is_time(waiting, enough)
    done = each(partial(_counted, database, campaign_id, now, seconds) for campaign_id in in_time)
    return sum(done) == len(waiting)


def _counted(database: Database, campaign_id: str, now: datetime, seconds: float) -> bool:
    with database.writing() as transaction:
        patience.limit(transaction, seconds)
        return counting.count(transaction, campaign_id, now)


def _refreshed(database: Database, name: str, now: datetime, seconds: float) -> bool:
    with database.writing() as transaction:
        patience.limit(transaction, seconds)
        as_of = counting.as_of(transaction, now) if name in OF_COUNTS else now
        return refreshing.refresh(transaction, name, as_of)
