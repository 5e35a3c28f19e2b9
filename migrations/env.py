"""How migrations run: one at a time, each in its own transaction, never waiting long for a lock."""

from alembic import context
from sqlalchemy import create_engine, text

from database.every_table import METADATA
from database.session import sqlalchemy_url


def offline() -> None:
    """Print the SQL instead of running it (for squawk, and for reading)."""
    context.configure(
        dialect_name="postgresql", target_metadata=METADATA, literal_binds=True, transaction_per_migration=True
    )
    context.execute("SET lock_timeout = '4s'")
    context.execute("SET statement_timeout = '60s'")
    with context.begin_transaction():
        context.run_migrations()


def online() -> None:
    """Migrate the database at `-x url=…` or at the configured `sqlalchemy.url`."""
    url = context.get_x_argument(as_dictionary=True).get("url") or context.config.get_main_option("sqlalchemy.url")
    if not url:
        message = "no database: give -x url=postgresql://…"
        raise SystemExit(message)
    engine = create_engine(sqlalchemy_url(url), connect_args={"options": "-c lock_timeout=4s -c statement_timeout=60s"})
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('tierwise migrations'))"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(hashtext('tierwise migrations'))"))
        connection.commit()
    engine.dispose()


if context.is_offline_mode():
    offline()
else:
    online()
