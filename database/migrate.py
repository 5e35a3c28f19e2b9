"""Bring a database to the newest shape."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util.exc import CommandError
from psycopg.conninfo import make_conninfo
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from database.reporting import views
from database.session import unsaid

FOLDER = Path(__file__).resolve().parent.parent / "migrations"

LOCK_TIMEOUT = "4s"
"""Of a migration: whoever comes to the table meanwhile waits behind it."""

OLDEST = 15
"""Of PostgreSQL's versions that the statements are tried on."""
ENCODING = "UTF8"


class UnfitDatabase(Exception):
    """No migration would make a database of Tierwise of it."""


class LaterVersion(Exception):
    """The database has seen migrations that this version does not know."""


class TableInUse(Exception):
    """Somebody held a table for longer than the shop can wait behind a migration."""


def configuration(url: str) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s")
    return config


def migrate(url: str) -> None:
    """Run every migration that the database at `url` has not seen; safe to run twice and side by side.

    Raises BadAddress, UnfitDatabase, LaterVersion, TableInUse.
    """
    must_be_fit(*_server(url))
    try:
        command.upgrade(configuration(url), "head")
    except (OperationalError, LockNotAvailable) as error:
        if not isinstance(getattr(error, "orig", error), LockNotAvailable):
            raise
        raise TableInUse(
            "a table is in use, by a backup or a long query say, and whoever comes to it next would wait behind this: "
            "end that or let it end, then migrate again; what was migrated so far stays"
        ) from error
    except CommandError as error:
        if not isinstance(error.__cause__, ResolutionError):
            raise
        raise LaterVersion(
            f"the database was migrated by a later version of Tierwise, to {error.__cause__.argument}, and there is no "
            "way back: use that version, or restore a backup of before"
        ) from error


def must_be_fit(version: int, encoding: str) -> None:
    """Whether a server of this major version, and the encoding of its database, will do. Raises UnfitDatabase."""
    if version < OLDEST:
        raise UnfitDatabase(f"PostgreSQL {version} is too old: Tierwise needs {OLDEST} or newer")
    if encoding != ENCODING:
        raise UnfitDatabase(
            f"the database keeps text as {encoding}, and Tierwise needs {ENCODING}: create another with "
            f"ENCODING '{ENCODING}' TEMPLATE template0, and with LOCALE 'C.UTF-8' if the server's is for {encoding}"
        )


def _server(url: str) -> tuple[int, str]:
    with psycopg.connect(make_conninfo(url, **unsaid(url))) as connection:
        return connection.info.server_version // 10_000, connection.info.parameter_status("server_encoding") or ""


def has_analyst(url: str) -> bool:
    """Whether there is a role to read the views of analysts by."""
    with psycopg.connect(url) as connection:
        return views.analyst_exists(connection)
