"""Celery's side of the work: its two tasks, their retries, and a calm end of the process."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from multiprocessing.sharedctypes import RawValue
from typing import Any

from celery import Celery, Task, signals

from campaigns.audit import verification
from campaigns.coupons import reconciliation
from campaigns.models import retraining
from campaigns.tiers import rescoring
from campaigns.work import jobs
from database.failures import Failure, failure_of
from database.work.duties import Duty
from worker.advance import HOPELESS, advance, give_up, stumble
from worker.clock import canary, duties, model_folders, reporting, schedule, uplift, wellbeing
from worker.clock.duties import Doing
from worker.steps import expected_uplifts
from worker.tools import Tools

RETRIES = 5
PASSING = frozenset({Failure.AWAY, Failure.BUSY, Failure.CONFLICT})
"""Trouble of the database, which may be full or away for hours: the relay hands the work over until that is over."""


def register(app: Celery, tools: Tools) -> None:
    """Give the application its tasks."""
    stopping = _stopping()

    @app.task(name=jobs.ADVANCE, bind=True, max_retries=RETRIES, shared=False)
    def _advance(self: Task[Any, Any], operation_id: str, turn: int | None = None) -> None:
        deadline, log_id = time.monotonic() + tools.settings.task_seconds, str(self.request.id)
        try:
            advance(tools, operation_id, turn=turn, enough=lambda: stopping() or time.monotonic() > deadline)
        except HOPELESS as error:
            give_up(tools, operation_id, error, log_id)
        except Exception as error:
            if self.request.retries >= RETRIES:
                if failure_of(error) not in PASSING:
                    give_up(tools, operation_id, error, log_id)
                raise
            try:
                stumble(tools, operation_id, error, log_id)
            finally:
                # Also when it could not be noted, because the database itself is away.
                raise self.retry(exc=error, countdown=2**self.request.retries) from error

    @app.task(name=schedule.TICK, bind=True, shared=False)
    def _tick(self: Task[Any, Any]) -> None:
        until = time.monotonic() + tools.settings.task_seconds
        now = tools.now()
        doings = _doings(tools, now, enough=lambda: stopping() or time.monotonic() > until)
        duties.do(tools.database, doings, now, log_id=str(self.request.id))


def _doings(tools: Tools, now: datetime, *, enough: Callable[[], bool]) -> dict[Duty, Doing]:
    """What the clock looks after, each by itself: what takes no time, then what reads or learns a lot.

    One of the latter may take its process along, at each tick again: it keeps none of the former waiting, and the
    others only until their turn to be first.
    """
    return _prompt(tools, now, enough) | dict(schedule.in_turn([*_thorough(tools, now, enough).items()], now))


def _prompt(tools: Tools, now: datetime, enough: Callable[[], bool]) -> dict[Duty, Doing]:
    database, settings = tools.database, tools.settings
    nightly = partial(schedule.nightly, database, now=now)
    return {
        Duty.LAUNCH_CAMPAIGNS: lambda: schedule.launch_campaigns(database, now),
        Duty.END_CAMPAIGNS: lambda: schedule.end_campaigns(database, now),
        Duty.SWEEP_RESERVATIONS: lambda: schedule.sweep_reservations(database, now),
        Duty.BEGIN_RESCORING: partial(nightly, rescoring.begin_due, at=settings.rescore_at),
        Duty.BEGIN_TRAINING: partial(nightly, retraining.begin_due, at=settings.retrain_at),
        Duty.BEGIN_COMPARISON: partial(nightly, reconciliation.begin_due, at=settings.reconcile_at),
        Duty.BEGIN_VERIFICATION: partial(nightly, verification.begin_due, at=settings.verify_audit_at),
        Duty.FORGET_ANSWERS: lambda: schedule.forget_answers(database, now, enough=enough),
        Duty.BEGIN_EXPECTING: lambda: expected_uplifts.begin_due(database, now),
    }


def _thorough(tools: Tools, now: datetime, enough: Callable[[], bool]) -> dict[Duty, Doing]:
    database, settings = tools.database, tools.settings
    seconds = settings.step_seconds
    return {
        Duty.READ_DRIFT: lambda: wellbeing.read_drift(tools, now),
        Duty.CHECK_EXPLANATIONS: lambda: wellbeing.check_explanations(tools, now),
        Duty.REMOVE_FOLDERS: lambda: model_folders.tidy(tools, now),
        Duty.READ_CANARIES: lambda: canary.take_readings(database, now, seconds=seconds, enough=enough),
        Duty.MEASURE_CANARIES: lambda: canary.measure_accuracy(tools, now, enough=enough),
        Duty.CLOSE_FORECASTS: lambda: schedule.close_forecasts(database, now, seconds=seconds, enough=enough),
        Duty.REFRESH_REPORTS: lambda: reporting.tend(database, settings, now, enough=enough),
        Duty.LEARN_UPLIFT: lambda: uplift.learn_from_campaigns(
            database, now, currency=settings.currency, seconds=seconds, enough=enough
        ),
    }


def _stopping() -> Callable[[], bool]:
    """Whether the worker was asked to end: a byte that its forked processes share, so that all end after a chunk."""
    flag = RawValue("b", 0)

    def stop(**_: object) -> None:
        flag.value = 1

    signals.worker_shutting_down.connect(stop, weak=False)
    return lambda: bool(flag.value)
