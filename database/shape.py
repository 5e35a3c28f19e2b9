"""Whether the database has the shape that this version needs, asked before a process begins."""

import re
from contextlib import closing
from pathlib import Path

from psycopg import errors

from database.failures import failure_of
from database.glances import Glances
from database.session import Database

VERSIONS = Path(__file__).resolve().parent.parent / "migrations" / "versions"
NAMES = re.compile(r'^(down_revision|revision) = "(\w+)"$', re.MULTILINE)
PATIENCE_SECONDS = 2.0


class NotMigrated(RuntimeError):
    """A process of this version could do nothing right in this database."""


def known_revisions() -> tuple[frozenset[str], str]:
    """Of the migrations of this version, and the newest: read as text, because to import all takes longer."""
    found = [NAMES.findall(path.read_text(encoding="utf-8")) for path in VERSIONS.glob("*.py")]
    named = [(kind, name) for names in found for kind, name in names]
    known = frozenset(name for kind, name in named if kind == "revision")
    (newest,) = known - {name for kind, name in named if kind == "down_revision"}
    return known, newest


def must_be_migrated(database: Database) -> None:
    """Raises NotMigrated where `tierwise migrate` of this version has not run to its end.

    A database that later versions migrated serves this one, too; one that is away is not judged.
    """
    known, newest = known_revisions()
    found = _revision(database)
    if found is not None and found != newest and (found in known or not found):
        raise NotMigrated(
            f"the database has {f'the shape {found}' if found else 'no tables of Tierwise'}, and this version needs "
            f"{newest}: run `tierwise migrate`, then start this again"
        )


def _revision(database: Database) -> str | None:
    """What the database was migrated to, empty if it never was; None if it does not say."""
    with closing(Glances(database)) as glances:
        try:
            found = glances.rows("SELECT version_num FROM alembic_version", (), seconds=PATIENCE_SECONDS)
        except errors.UndefinedTable:
            return ""
        except Exception as error:
            if failure_of(error) is None:
                raise
            return None
    return str(found[0][0]) if found else ""
