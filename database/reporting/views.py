"""The views that analysts read: one file each in `database/reporting/sql`, installed whenever the database is migrated.

A file makes `reporting.NAME`, with a comment on it and on each column. Where the rows are kept it makes
`reporting_store.NAME` first, which is installed under a name of its own for each state of the file: readers have the
old rows until the new ones are there. A view only ever gets columns at its end; PostgreSQL refuses any other change.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

FOLDER = Path(__file__).parent / "sql"
ANALYST = "tierwise_analyst"
KEPT = "MATERIALIZED VIEW reporting_store."
# Roles belong to the server and not to this database: another one may have made it, and it stays when this one goes.
# Whoever owns the views may take the role on, and so may the application, to export what analysts see.
MAKE_ROLE = """
DO $$
DECLARE
    me pg_roles := (SELECT pg_roles FROM pg_roles WHERE rolname = current_user);
    member text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierwise_analyst') AND (me.rolsuper OR me.rolcreaterole) THEN
        BEGIN
            CREATE ROLE tierwise_analyst NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierwise_analyst') THEN
        RETURN;
    END IF;
    GRANT USAGE ON SCHEMA reporting TO tierwise_analyst;
    GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO tierwise_analyst;
    FOR member IN SELECT rolname FROM pg_roles WHERE rolname IN (current_user, 'tierwise_app') LOOP
        IF NOT pg_has_role(member, 'tierwise_analyst', 'MEMBER') AND (me.rolsuper OR me.rolcreaterole) THEN
            EXECUTE format('GRANT tierwise_analyst TO %I', member);
        END IF;
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'tierwise_analyst belongs to another role, who has to grant it to %', current_user;
END
$$
"""
DEFINITION = """
SELECT md5(concat_ws('|', pg_get_viewdef(class.oid), (SELECT pg_get_viewdef(oid) FROM pg_class
    WHERE relnamespace = 'reporting_store'::regnamespace AND relkind = 'm' AND relname = %(kept)s),
  (SELECT string_agg(objsubid || description, '|' ORDER BY objsubid) FROM pg_description
    WHERE objoid = class.oid AND classoid = 'pg_class'::regclass)))
FROM pg_class AS class
WHERE relnamespace = 'reporting'::regnamespace AND relkind = 'v' AND relname = %(name)s
"""
INSTALLED = "SELECT name, fingerprint, definition FROM report_views"
KNOWN = """
INSERT INTO report_views (name, fingerprint, definition, stored, as_of, due_time)
VALUES (%(name)s, %(fingerprint)s, '', %(stored)s, now(), now())
ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint, stored = excluded.stored, as_of = excluded.as_of,
  attempt_time = NULL, error = NULL
"""
STORES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'reporting_store'::regnamespace AND relkind = 'm' AND relname ~ ('^' || %s || '_[0-9a-f]{8}$')
  AND relname <> %s
"""
Connection = psycopg.Connection[tuple[object, ...]]


class PromiseBroken(RuntimeError):
    """A file changes what analysts rely on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A view as its file says."""

    name: str
    text: str

    @property
    def stored(self) -> bool:
        """Whether its rows are kept."""
        return KEPT in self.text

    @property
    def fingerprint(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def kept(self) -> str:
        """Where its rows are, in the schema `reporting_store`."""
        return f"{self.name}_{self.fingerprint[:8]}"


@cache
def views() -> tuple[ReportView, ...]:
    """All files, by name."""
    return tuple(
        ReportView(name=path.stem, text=path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.sql"))
    )


def differences(connection: Connection) -> list[str]:
    """The views that are not in the database as their files say: missing, of another file, or changed by hand."""
    installed = {str(name): (fingerprint, made) for name, fingerprint, made in connection.execute(INSTALLED)}
    wanted = {view.name: (view.fingerprint, _definition(connection, view)) for view in views()}
    return sorted(name for name in wanted.keys() | installed.keys() if wanted.get(name) != installed.get(name))


def install(connection: Connection) -> list[str]:
    """Make the database say what the files say, in one transaction of the caller's; which views that changed.

    Raises PromiseBroken where a file takes away, renames or retypes a column.
    """
    # Replacing a view waits for those who read it, whose statements end after a minute; nobody in the shop waits.
    connection.execute("SET LOCAL statement_timeout = 0")
    connection.execute("SET LOCAL lock_timeout = '90s'")
    changed = differences(connection)
    files = {view.name: view for view in views()}
    installed = {name: fingerprint for name, fingerprint, _ in connection.execute(INSTALLED)}
    for name in changed:
        if name not in files or installed.get(name) == files[name].fingerprint:
            _drop(connection, name)
        if name in files:
            _make(connection, files[name])
    connection.execute(MAKE_ROLE)
    return changed


def analyst_exists(connection: Connection) -> bool:
    """Whether there is a role to read them by; the owner of the tables may lack the right to make it."""
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ANALYST,)).fetchone() is not None


def take_down(connection: Connection) -> None:
    """Drop every view: on the way to a shape of the tables that they were not written for."""
    for (name,) in connection.execute("SELECT name FROM report_views").fetchall():
        _drop(connection, str(name))


def _make(connection: Connection, view: ReportView) -> None:
    facts = {"name": view.name, "fingerprint": view.fingerprint, "stored": view.stored, "kept": view.kept}
    connection.execute(KNOWN, facts)
    try:
        connection.execute(view.text.replace(f"reporting_store.{view.name}", f"reporting_store.{view.kept}").encode())
    except psycopg.errors.InvalidTableDefinition as error:
        raise PromiseBroken(
            f"database/reporting/sql/{view.name}.sql: {error.diag.message_primary}; columns are only added at the end, "
            f"anything else is a view of its own: {view.name}_v2"
        ) from error
    for (old,) in connection.execute(STORES, (view.name, view.kept)).fetchall():
        connection.execute(sql.SQL("DROP MATERIALIZED VIEW {}").format(_store(str(old))))
    set_definition = "UPDATE report_views SET definition = %s WHERE name = %s"
    connection.execute(set_definition, (_definition(connection, view), view.name))


def _drop(connection: Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier("reporting", name)))
    for (kept,) in connection.execute(STORES, (name, "")).fetchall():
        connection.execute(sql.SQL("DROP MATERIALIZED VIEW {}").format(_store(str(kept))))
    connection.execute("DELETE FROM report_views WHERE name = %s", (name,))


def _definition(connection: Connection, view: ReportView) -> str | None:
    row = connection.execute(DEFINITION, {"name": view.name, "kept": view.kept}).fetchone()
    return None if row is None else str(row[0])


def _store(kept: str) -> sql.Identifier:
    return sql.Identifier("reporting_store", kept)
