"""What a driver's exception means, so that doors need not know any driver."""

from enum import Enum, auto

import psycopg
from psycopg import errors
from sqlalchemy import exc

FULL = "too many clients already", "remaining connection slots are reserved", "too many connections for"
"""What a server says to one more than it takes, or than a role or a database may have: libpq tells no code of it.

In another language (lc_messages) it counts as AWAY.
"""
READ_ONLY = errors.ReadOnlySqlTransaction
STOOD_STILL = errors.IdleInTransactionSessionTimeout


class Failure(Enum):
    """Kinds of trouble that are nobody's mistake."""

    AWAY = auto()
    """The server cannot be reached, went away in the middle, or takes no writes for now: nothing is committed."""
    BUSY = auto()
    """No connection was free in time."""
    TIMEOUT = auto()
    """A statement ran into its time limit."""
    CONFLICT = auto()
    """A concurrent change won: the same transaction may work when it is repeated."""


def failure_of(error: BaseException) -> Failure | None:
    """The kind of trouble; None for anything that is not trouble with the database, or is a mistake."""
    match _of_driver(error):
        case exc.TimeoutError():
            return Failure.BUSY
        case psycopg.OperationalError() as refused if any(words in str(refused) for words in FULL):
            return Failure.BUSY
        case errors.QueryCanceled():
            return Failure.TIMEOUT
        case errors.LockNotAvailable() | errors.SerializationFailure() | errors.DeadlockDetected():
            return Failure.CONFLICT
        case psycopg.OperationalError() | psycopg.InterfaceError() | READ_ONLY() | STOOD_STILL():
            return Failure.AWAY
        case _:
            return None


def takes_no_writes(error: BaseException) -> bool:
    """Whether the server follows another one, or is told to take none."""
    return isinstance(_of_driver(error), READ_ONLY)


def of_another_shape(error: BaseException) -> bool:
    """Whether the database lacks what a statement names: nobody migrated it, or an older version did."""
    lacking = errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction, errors.InvalidSchemaName
    return isinstance(_of_driver(error), lacking)


def lacks_a_right(error: BaseException) -> bool:
    """Whether the login may not do what a statement asks for."""
    return isinstance(_of_driver(error), errors.InsufficientPrivilege)


def in_a_line(error: BaseException) -> str:
    """What the server or the driver said first: for a log that trouble may fill for hours."""
    said = _of_driver(error) or error
    return f"{type(said).__name__}: {said}".split("\n", 1)[0]


def described(error: BaseException) -> dict[str, object]:
    """For a line of the log: trouble with the database in a line, anything else with its traceback."""
    failure = failure_of(error)
    name = "NOT_MIGRATED" if of_another_shape(error) else failure and failure.name
    return {"failure": name, "why": in_a_line(error), "exc_info": None if name else error}


def _of_driver(error: BaseException) -> BaseException | None:
    """What SQLAlchemy wraps, or the error itself."""
    return error.orig if isinstance(error, exc.DBAPIError) else error
