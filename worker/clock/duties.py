"""Each duty of the clock is done by itself, and how it went is written down: else one that fails fails unseen."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from campaigns.faults import Code, Fault
from database.session import Database
from database.work import duties
from database.work.duties import Duty
from worker.clock.tick import each

Doing = Callable[[], object]


def do(database: Database, doings: Mapping[Duty, Doing], now: datetime, *, log_id: str) -> None:
    """All of them, also those after one that breaks. Raises what broke, at the end."""
    with database.writing() as transaction:
        duties.expect(transaction, list(doings), now)
    each(partial(_done, database, duty, doing, now, log_id) for duty, doing in doings.items())


def _done(database: Database, duty: Duty, doing: Doing, now: datetime, log_id: str) -> None:
    try:
        doing()
    except Exception as error:
        fault = Fault(code=Code.UNEXPECTED, facts={"type": type(_first(error)).__name__, "log_id": log_id})
        with database.writing() as transaction:
            duties.failed(transaction, duty, fault.why)
        raise
    with database.writing() as transaction:
        duties.well(transaction, duty, now)


def _first(error: Exception) -> Exception:
    """Of several that came together."""
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error
