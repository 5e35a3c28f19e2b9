"""Indexes that are made beside those who write."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from database import migrate

LIMITS = ("lock_timeout", "statement_timeout")


def make_beside_writers(name: str, table: str, columns: Sequence[str | sa.TextClause], **options: Any) -> None:  # noqa: ANN401 - as op.create_index
    """Make an index CONCURRENTLY, however long that waits for older transactions; nobody waits for it.

    What an attempt that broke left behind is invalid and in the way, so it goes first: this can be run again and again.
    Inside an `autocommit_block`.
    """
    for limit in LIMITS:
        op.execute(f"SET {limit} = 0")
    op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
    op.create_index(name, table, columns, postgresql_concurrently=True, **options)
    op.execute(f"SET lock_timeout = '{migrate.LOCK_TIMEOUT}'")
    op.execute("SET statement_timeout = '60s'")
