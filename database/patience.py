"""How long the statements of one transaction may take."""

import math
from typing import Any

import psycopg

from database.session import Snapshot, driver_connection

LIMIT = "SELECT set_config('statement_timeout', %s, true)"


def limit(snapshot: Snapshot, seconds: float) -> None:
    """Stop every later statement of this transaction after `seconds`; infinity leaves the connection's own limit."""
    connection = driver_connection(snapshot)
    # The first statement of a transaction begins it: both go in one round trip.
    with connection.pipeline():
        limit_on(connection, seconds)


def limit_on(connection: "psycopg.Connection[Any]", seconds: float) -> None:
    """As `limit`, of what this connection is in the middle of."""
    if math.isfinite(seconds):
        connection.execute(LIMIT, (str(max(1, round(seconds * 1000))),))
