"""Each duty of the clock is done by itself, and how it went is written down: else one that fails fails unseen."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from database.session import Database
from database.work import duties
from database.work.duties import Duty
from worker.clock.tick import each
from worker.faults import TOLD, fault_of

Doing = Callable[[], object]
log = logging.getLogger(__name__)


def do(database: Database, doings: Mapping[Duty, Doing], now: datetime, *, log_id: str) -> None:
    """All of them, also those after one that breaks. Raises what broke, at the end, but for what our own words say.

    That lasts, as a model whose folder is not on this machine: it is logged once, and stands with the duty.
    """
    with database.writing() as transaction:
        duties.expect(transaction, list(doings), now)
    each(partial(_done, database, duty, doing, now, log_id) for duty, doing in doings.items())


def _done(database: Database, duty: Duty, doing: Doing, now: datetime, log_id: str) -> None:
    try:
        doing()
    except Exception as error:
        fault = fault_of(_first(error), log_id)
        with database.writing() as transaction:
            news = duties.failed(transaction, duty, fault.why, error=fault.said)
        if not _is_told(error):
            raise
        if news:
            log.warning("%s fails: %s", duty, fault.sentence())
        return
    with database.writing() as transaction:
        duties.well(transaction, duty, now)


def _is_told(error: Exception) -> bool:
    """All of it, where several came together."""
    if isinstance(error, ExceptionGroup):
        return error.split(TOLD)[1] is None
    return isinstance(error, TOLD)


def _first(error: Exception) -> Exception:
    """Of several that came together."""
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error
