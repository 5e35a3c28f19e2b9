"""How many connections the server has for anybody but its operators, and how many are given out, to whomever."""

from typing import NamedTuple

from sqlalchemy import text

from database.session import Snapshot

# `reserved_connections` came with PostgreSQL 16.
ROOM = text("""
SELECT (SELECT sum(numbackends)::integer FROM pg_stat_database) AS given_out,
  current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
    - coalesce(current_setting('reserved_connections', true)::integer, 0) AS most
""")


class Room(NamedTuple):
    """Of a server, for all its databases."""

    given_out: int
    most: int


def of_server(snapshot: Snapshot) -> Room:
    """At this moment."""
    return Room(*snapshot.execute(ROOM).one())
