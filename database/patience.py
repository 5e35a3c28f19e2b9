"""How long the statements of one transaction may take."""

import math

from database.session import Snapshot, driver_connection


def limit(snapshot: Snapshot, seconds: float) -> None:
    """Stop every later statement of this transaction after `seconds`; infinity leaves the connection's own limit."""
    if math.isfinite(seconds):
        milliseconds = max(1, round(seconds * 1000))
        driver_connection(snapshot).execute("SELECT set_config('statement_timeout', %s, true)", (str(milliseconds),))
