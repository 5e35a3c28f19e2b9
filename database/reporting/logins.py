"""Logins of analysts: roles of the server that read the schema `reporting`, slowly at worst."""

import re
from collections.abc import Mapping

from psycopg import errors, sql

from database.reporting.views import ANALYST
from database.session import Transaction, driver_connection

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
CONNECTIONS = 5
LIMITS: Mapping[str, str] = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "idle_session_timeout": "30min",
    "lock_timeout": "5s",
    "search_path": "reporting",
    "timezone": "UTC",
}
"""Of each session of such a login. They stand on the login itself: a role hands its rights down, not its settings."""
MAKE = "CREATE ROLE {name} LOGIN PASSWORD {password} CONNECTION LIMIT {connections} IN ROLE {analyst}"
WAYS_OUT = (("DROP ROLE {}",), ("DROP OWNED BY {}", "DROP ROLE {}"), ("ALTER ROLE {} NOLOGIN",))
"""One after the other: with what it made here, such as a large object; and where it made something elsewhere, it stays
and lets nobody in."""
IS_ANALYST = """
SELECT 1 FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = member
WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname = %s) AND rolname = %s AND rolcanlogin AND NOT rolsuper
"""


class LoginRefused(RuntimeError):
    """The server would not have it; the message says why."""


def make(transaction: Transaction, name: str, password: str) -> None:
    """A login that may read what analysts read; the server is sent a hash of the password. Raises LoginRefused."""
    if not NAME.fullmatch(name):
        raise LoginRefused(f"{name!r}: a lower-case letter, then letters, digits and underscores, at most 63")
    connection = driver_connection(transaction)
    hashed = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    statement = sql.SQL(MAKE).format(
        name=sql.Identifier(name), password=hashed, connections=CONNECTIONS, analyst=sql.Identifier(ANALYST)
    )
    try:
        connection.execute(statement)
        for setting, value in LIMITS.items():
            limit = sql.SQL("ALTER ROLE {} SET {} = {}")
            connection.execute(limit.format(sql.Identifier(name), sql.Identifier(setting), value))
    except errors.DuplicateObject as error:
        raise LoginRefused(f"there is a role {name} already") from error
    except errors.UndefinedObject as error:
        raise LoginRefused(f"there is no role {ANALYST}: tierwise migrate makes it where it may make roles") from error
    except errors.InsufficientPrivilege as error:
        raise LoginRefused(
            f"this login of ours may not make roles: docs/reporting.md has the statements for who may ({error})"
        ) from error


def drop(transaction: Transaction, name: str) -> None:
    """Take a login of an analyst away; its open sessions go on until they end. Raises LoginRefused."""
    connection = driver_connection(transaction)
    if connection.execute(IS_ANALYST, (ANALYST, name)).fetchone() is None:
        raise LoginRefused(f"{name} is not the login of an analyst")
    trouble: Exception | None = None
    for statements in WAYS_OUT:
        try:
            with connection.transaction():
                for statement in statements:
                    connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
        except (errors.InsufficientPrivilege, errors.DependentObjectsStillExist) as error:
            trouble = error
        else:
            return
    raise LoginRefused(f"{name} stays: {trouble}") from trouble
