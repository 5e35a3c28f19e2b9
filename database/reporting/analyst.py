"""The views of analysts, read as an analyst reads them, row upon row."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from psycopg import errors, sql

from database.reporting.views import ANALYST
from database.session import Snapshot, driver_connection

COLUMNS = "SELECT name, type, description FROM reporting.columns WHERE view = %s ORDER BY position"
VERSIONS = """
SELECT view, version, description, stored, as_of, refresh_seconds, failed_time FROM reporting.versions ORDER BY view
"""


class NoAnalyst(RuntimeError):
    """Nobody can read as analysts do; the message says what to do."""


class ViewNotFound(LookupError):
    """There is no such view; the message names those that there are."""


class ReportColumn(NamedTuple):
    """A column of a view."""

    name: str
    type: str
    """PostgreSQL's name."""
    description: str
    """Its meaning and unit."""


class ReportVersion(NamedTuple):
    """A view as it stands."""

    view: str
    version: int
    description: str
    stored: bool
    as_of: Any
    refresh_seconds: float | None
    failed_time: Any


def become_analyst(snapshot: Snapshot) -> None:
    """See what analysts see, and nothing else, until the transaction ends. Raises NoAnalyst."""
    try:
        driver_connection(snapshot).execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(ANALYST)))
    except (errors.UndefinedObject, errors.InvalidParameterValue) as error:
        # To name a role that is not there is a wrong value of a setting.
        raise NoAnalyst(
            f"there is no role {ANALYST}: let who may make roles run CREATE ROLE {ANALYST} NOLOGIN, then migrate again"
        ) from error
    except errors.InsufficientPrivilege as error:
        raise NoAnalyst(f"this login may not read as {ANALYST}: let its owner GRANT {ANALYST} to it") from error


def versions(snapshot: Snapshot) -> list[ReportVersion]:
    """Every view, by name."""
    return [ReportVersion(*row) for row in driver_connection(snapshot).execute(VERSIONS)]  # type: ignore[arg-type]  # the types of the columns


def columns(snapshot: Snapshot, view: str) -> list[ReportColumn]:
    """What a view has, in its order. Raises ViewNotFound."""
    found = [ReportColumn(*map(str, row)) for row in driver_connection(snapshot).execute(COLUMNS, (view,))]
    if not found:
        there_are = ", ".join(version.view for version in versions(snapshot))
        raise ViewNotFound(f"{view}: no such view; there are {there_are}")
    return found


def as_csv(snapshot: Snapshot, view: str) -> Iterator[bytes]:
    """A view as a file, in pieces: RFC 4180 with a header, UTF-8, nothing for what is not known."""
    statement = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT CSV, HEADER)").format(_identifier(view))
    with driver_connection(snapshot).cursor() as cursor, cursor.copy(statement) as copy:
        for piece in copy:
            yield bytes(piece)


def rows(snapshot: Snapshot, view: str, *, size: int) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows of a view, so many at once."""
    with driver_connection(snapshot).cursor(name="report") as cursor:
        cursor.execute(sql.SQL("SELECT * FROM {}").format(_identifier(view)))
        while found := cursor.fetchmany(size):
            yield found


def _identifier(view: str) -> sql.Identifier:
    return sql.Identifier("reporting", view)
