"""Celery's side of the work: its two tasks, their retries, and a calm end of the process."""

import time
from collections.abc import Callable
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
from scoring.whole_file import NotWritten
from worker.advance import advance, give_up, stumble
from worker.clock import canary, duties, model_folders, reporting, schedule, uplift, wellbeing
from worker.clock.duties import Doing
from worker.clock.tick import Tick
from worker.faults import HOPELESS
from worker.steps import expected_uplifts
from worker.tools import Tools

RETRIES = 5
PASSING = frozenset({Failure.AWAY, Failure.BUSY, Failure.CONFLICT})
"""Trouble of the database, which may be full or away for hours: the relay hands the work over until that is over.

So it does for a disk without room.
"""


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
                if not _passes(error):
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
        tick = Tick(
            database=tools.database, now=tools.now(), seconds=tools.settings.step_seconds,
            enough=lambda: stopping() or time.monotonic() > until,
        )  # fmt: skip
        duties.do(tools.database, _doings(tools, tick), tick.now, log_id=str(self.request.id))


def _passes(error: Exception) -> bool:
    return error.for_want_of_room if isinstance(error, NotWritten) else failure_of(error) in PASSING


def _doings(tools: Tools, tick: Tick) -> dict[Duty, Doing]:
    """What the clock looks after, each by itself: what takes no time, then what reads or learns a lot.

    One of the latter may take its process along, at each tick again: it keeps none of the former waiting, and the
    others only until their turn to be first.
    """
    return _prompt(tools, tick) | dict(schedule.in_turn([*_thorough(tools, tick).items()], tick.now))


def _prompt(tools: Tools, tick: Tick) -> dict[Duty, Doing]:
    database, now, settings = tick.database, tick.now, tools.settings
    nightly = partial(schedule.nightly, database, now=now)
    return {
        Duty.LAUNCH_CAMPAIGNS: lambda: schedule.launch_campaigns(database, now),
        Duty.END_CAMPAIGNS: lambda: schedule.end_campaigns(database, now),
        Duty.SWEEP_RESERVATIONS: lambda: schedule.sweep_reservations(database, now),
        Duty.BEGIN_RESCORING: partial(nightly, Duty.BEGIN_RESCORING, rescoring.begin_due, at=settings.rescore_at),
        Duty.BEGIN_TRAINING: partial(nightly, Duty.BEGIN_TRAINING, retraining.begin_due, at=settings.retrain_at),
        Duty.BEGIN_COMPARISON: partial(
            nightly, Duty.BEGIN_COMPARISON, reconciliation.begin_due, at=settings.reconcile_at
        ),
        Duty.BEGIN_VERIFICATION: partial(
            nightly, Duty.BEGIN_VERIFICATION, verification.begin_due, at=settings.verify_audit_at
        ),
        Duty.FORGET_ANSWERS: lambda: schedule.forget_answers(tick),
        Duty.BEGIN_EXPECTING: lambda: expected_uplifts.begin_due(database, now),
    }


def _thorough(tools: Tools, tick: Tick) -> dict[Duty, Doing]:
    settings = tools.settings
    return {
        Duty.READ_DRIFT: lambda: wellbeing.read_drift(tools, tick.now),
        Duty.CHECK_EXPLANATIONS: lambda: wellbeing.check_explanations(tools, tick.now),
        Duty.REMOVE_FOLDERS: lambda: model_folders.tidy(tools, tick.now),
        Duty.READ_CANARIES: lambda: canary.take_readings(tick),
        Duty.MEASURE_CANARIES: lambda: canary.measure_accuracy(tools, tick),
        Duty.CLOSE_FORECASTS: lambda: schedule.close_forecasts(tick),
        Duty.REFRESH_REPORTS: lambda: reporting.tend(tick, settings),
        Duty.LEARN_UPLIFT: lambda: uplift.learn_from_campaigns(tick, currency=settings.currency),
    }


def _stopping() -> Callable[[], bool]:
    """Whether the worker was asked to end: a byte that its forked processes share, so that all end after a chunk."""
    flag = RawValue("b", 0)

    def stop(**_: object) -> None:
        flag.value = 1

    signals.worker_shutting_down.connect(stop, weak=False)
    return lambda: bool(flag.value)
