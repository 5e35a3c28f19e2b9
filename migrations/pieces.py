"""Rows that are changed beside those who write: a piece at a time, each in a transaction of its own."""

import sqlalchemy as sa
from alembic import op

AT_ONCE = 50_000


def change_in_pieces(table: str, key: str, changes: str, condition: str) -> None:
    """UPDATE `table` SET `changes` WHERE `condition`, until nothing fulfils the condition any more.

    A table of millions would take longer than a statement may, and keep all its rows from everybody meanwhile. Killed
    at any line, the next run goes on. Inside an `autocommit_block`; the change must undo the condition.
    """
    piece = f"SELECT {key} FROM {table} WHERE {condition} LIMIT {AT_ONCE}"  # noqa: S608 - of migrations' own words
    statement = f"UPDATE {table} SET {changes} WHERE {key} IN ({piece})"  # noqa: S608 - likewise
    if op.get_context().as_sql:
        op.execute(statement)
        return
    while op.get_bind().execute(sa.text(statement)).rowcount:
        pass
