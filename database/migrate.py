"""Bring a database to the newest shape."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util.exc import CommandError

from database.reporting import views

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


class LaterVersion(Exception):
    """The database has seen migrations that this version does not know."""


def configuration(url: str) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s")
    return config


def migrate(url: str) -> None:
    """Run every migration that the database at `url` has not seen; safe to run twice and side by side.

    Raises LaterVersion.
    """
    try:
        command.upgrade(configuration(url), "head")
    except CommandError as error:
        if not isinstance(error.__cause__, ResolutionError):
            raise
        raise LaterVersion(
            f"the database was migrated by a later version of Tierwise, to {error.__cause__.argument}, and there is no "
            "way back: use that version, or restore a backup of before"
        ) from error


def has_analyst(url: str) -> bool:
    """Whether there is a role to read the views of analysts by."""
    with psycopg.connect(url) as connection:
        return views.analyst_exists(connection)
