"""PostgreSQL as Celery's broker: the queues of PGMQ (https://github.com/pgmq/pgmq), from SQL alone.

No extension is needed: the functions come from the `pgmq` package and live in a schema of their own.
"""

from typing import Any
from urllib.parse import urlsplit

import psycopg
from pgmq import PGMQueue
from pgmq.install import get_embedded_install_sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from database.session import SETTLED, unsaid

CONNECTIONS = 2
PATIENCE_SECONDS = 5
"""For a connection."""
INSTALLED = "SELECT to_regprocedure('pgmq.send(text, jsonb)') IS NOT NULL"


class Queues(PGMQueue):  # type: ignore[no-untyped-call] # it has few types
    """PGMQ's client keeps of an address host, port, database and login; of this one's everything counts."""

    def _init_pool(self) -> None:
        self.pool = ConnectionPool(
            self.conn_string or "", min_size=1, max_size=self.pool_size, timeout=PATIENCE_SECONDS, open=True
        )


def install(url: str) -> None:
    """Make the queue functions unless they are there; safe to run twice and side by side."""
    with psycopg.connect(_conninfo(url)) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('tierwise pgmq'))")
        found = connection.execute(INSTALLED).fetchone()
        if found is None or not found[0]:
            connection.execute(get_embedded_install_sql().encode())


def _conninfo(url: str) -> str:
    return make_conninfo(url, options=SETTLED, **unsaid(url, writes=True))


def broker_url(url: str, *, scheme: str) -> str:
    """The address that Celery knows the database by, which has room for one server; `broker_options` has them all."""
    parts = urlsplit(url)
    login, at, servers = parts.netloc.rpartition("@")
    return parts._replace(scheme=scheme, netloc=f"{login}{at}{servers.split(',')[0]}").geturl()


def broker_options(url: str, *, redeliver_seconds: int) -> dict[str, Any]:
    """Options of Celery's transport: everything of `url` counts, also what its own scheme cannot carry (sslmode, …)."""
    return {
        "queues": {
            "conn_string": _conninfo(url),
            "init_extension": False,
            "pool_size": CONNECTIONS,
            "vt": redeliver_seconds,
        },
        "visibility_timeout": redeliver_seconds,
        "wait_time_seconds": 0,
    }
