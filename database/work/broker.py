"""PostgreSQL as Celery's broker: the queues of PGMQ (https://github.com/pgmq/pgmq), from SQL alone.

No extension is needed: the functions come from the `pgmq` package and live in a schema of their own.
"""

from urllib.parse import urlsplit

import psycopg
from pgmq.install import get_embedded_install_sql
from psycopg.conninfo import make_conninfo

from database.session import unsaid

INSTALLED = "SELECT to_regprocedure('pgmq.send(text, jsonb)') IS NOT NULL"


def install(url: str) -> None:
    """Make the queue functions unless they are there; safe to run twice and side by side."""
    with psycopg.connect(make_conninfo(url, **unsaid(url))) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('tierwise pgmq'))")
        found = connection.execute(INSTALLED).fetchone()
        if found is None or not found[0]:
            connection.execute(get_embedded_install_sql().encode())


def broker_url(url: str, *, scheme: str) -> str:
    """The address that Celery knows the database by, which has room for one server; `broker_options` has them all."""
    parts = urlsplit(url)
    login, at, servers = parts.netloc.rpartition("@")
    return parts._replace(scheme=scheme, netloc=f"{login}{at}{servers.split(',')[0]}").geturl()


def broker_options(url: str, *, redeliver_seconds: int) -> dict[str, object]:
    """Options of Celery's transport: everything of `url` counts, also what its own scheme cannot carry (sslmode, …)."""
    return {
        "conn_string": make_conninfo(url, **unsaid(url)),
        "init_extension": False,
        "visibility_timeout": redeliver_seconds,
        "wait_time_seconds": 0,
        "pool_size": 2,
        "pool_timeout": 5,
    }
