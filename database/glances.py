"""Questions of one statement, which is a snapshot by itself: one round trip, where a transaction would take five."""

from collections.abc import Sequence
from typing import LiteralString

import psycopg

from database import patience
from database.session import Database, is_quiet


class Glances:
    """Keeps connections of its own: as many as threads ever ask at once. Safe for threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[psycopg.Connection[tuple[object, ...]]] = []

    def rows(self, statement: LiteralString, values: Sequence[object], *, seconds: float) -> list[tuple[object, ...]]:
        """In binary form, within so many seconds. A connection that is lost meanwhile is not used again."""
        connection = self._taken()
        try:
            # Statements of a pipeline share a transaction, and so its time limit, until it ends.
            with connection.pipeline():
                patience.limit_on(connection, seconds)
                cursor = connection.cursor(binary=True).execute(statement, values)
            found = cursor.fetchall()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return found

    def touch(self, *, seconds: float) -> None:
        """Ask whether the database is there. Raises what the driver raises."""
        self.rows("SELECT 1", (), seconds=seconds)

    def close(self) -> None:
        """Give the connections back to the server."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self) -> "psycopg.Connection[tuple[object, ...]]":
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._database.apart()
            if is_quiet(connection):
                return connection
            connection.close()
