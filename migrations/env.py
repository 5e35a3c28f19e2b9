"""How migrations run: one at a time, each in its own transaction, never waiting long for a lock."""

import time

import psycopg
from alembic import context
from sqlalchemy import Connection, text

from database import migrate
from database.callers import application
from database.every_table import METADATA
from database.reporting import views
from database.session import LEFT_ALONE, SETTLED, engine_at, unsaid

LOOK_SECONDS = 0.2
"""Between two looks whether somebody else migrates."""


def offline() -> None:
    """Print the SQL instead of running it (for squawk, and for reading)."""
    context.configure(
        dialect_name="postgresql", target_metadata=METADATA, literal_binds=True, transaction_per_migration=True
    )
    context.execute(f"SET lock_timeout = '{migrate.LOCK_TIMEOUT}'")
    context.execute("SET statement_timeout = '60s'")
    with context.begin_transaction():
        context.run_migrations()


def online() -> None:
    """Migrate the database at `-x url=…` or at the configured `sqlalchemy.url`."""
    url = context.get_x_argument(as_dictionary=True).get("url") or context.config.get_main_option("sqlalchemy.url")
    if not url:
        message = "no database: give -x url=postgresql://…"
        raise SystemExit(message)
    limits = f"-c lock_timeout={migrate.LOCK_TIMEOUT} -c statement_timeout=60s {SETTLED} {LEFT_ALONE}"
    engine = engine_at(url, connect_args={"options": limits, **unsaid(url)})
    try:
        with engine.connect() as connection:
            bring(connection)
    finally:
        # Closed, a connection lets go of the lock by which others wait.
        engine.dispose()


def bring(connection: Connection) -> None:
    """Run what the command asks for, alone."""
    wait_for_others(connection)
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        transaction_per_migration=True,
        compare_type=True,
    )
    goal = destination()
    if goal is not None and goal != context.get_head_revision():
        take_views_down(connection)
    with context.begin_transaction():
        context.run_migrations()
    if goal == context.get_head_revision():
        application.install(driver_of(connection))
        views.install(driver_of(connection))
        connection.commit()
    connection.execute(text("SELECT pg_advisory_unlock(hashtext('tierwise migrations'))"))
    connection.commit()


def wait_for_others(connection: Connection) -> None:
    """Until whoever else migrates is done, which takes minutes where the views of analysts are made anew.

    It asks again and again: a statement that waits has a snapshot, and an index made beside writers waits for its end.
    """
    while not taken(connection):
        time.sleep(LOOK_SECONDS)


def taken(connection: Connection) -> bool:
    """Whether nobody else migrates from here on."""
    with connection.begin():
        return bool(connection.scalar(text("SELECT pg_try_advisory_lock(hashtext('tierwise migrations'))")))


def destination() -> object | None:
    """The revision that the command leads to, or "base"; None when it only looks."""
    try:
        return context.get_revision_argument() or "base"
    except KeyError:
        return None


def take_views_down(connection: Connection) -> None:
    """Before a shape of the tables that the views of analysts were not written for."""
    if connection.execute(text("SELECT to_regclass('report_views')")).scalar() is not None:
        views.take_down(driver_of(connection))
    connection.commit()


def driver_of(connection: Connection) -> "psycopg.Connection[tuple[object, ...]]":
    """The psycopg connection underneath, which runs a whole file of statements."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection), "the address says postgresql+psycopg"
    return driver


if context.is_offline_mode():
    offline()
else:
    online()
