"""What a driver's exception means, so that doors need not know any driver."""

from enum import Enum, auto

import psycopg
from psycopg import errors
from sqlalchemy import exc


class Failure(Enum):
    """Kinds of trouble that are nobody's mistake."""

    AWAY = auto()
    """The server cannot be reached, or went away in the middle: nothing is committed."""
    BUSY = auto()
    """No connection was free in time."""
    TIMEOUT = auto()
    """A statement ran into its time limit."""
    CONFLICT = auto()
    """A concurrent change won: the same transaction may work when it is repeated."""


def failure_of(error: BaseException) -> Failure | None:
    """The kind of trouble; None for anything that is not trouble with the database, or is a mistake."""
    match error.orig if isinstance(error, exc.DBAPIError) else error:
        case exc.TimeoutError() | errors.TooManyConnections():
            return Failure.BUSY
        case errors.QueryCanceled():
            return Failure.TIMEOUT
        case errors.LockNotAvailable() | errors.SerializationFailure() | errors.DeadlockDetected():
            return Failure.CONFLICT
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return Failure.AWAY
        case _:
            return None
