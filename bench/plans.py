"""Which statements a program sends, and which of them read a large table from one end to the other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.abc import Params

Query = str | bytes | sql.Composable

LARGE = 10_000
"""Rows: below, a table is read faster whole than by an index."""
SIZES = "SELECT relname, reltuples::bigint FROM pg_class WHERE relkind IN ('r', 'm') AND reltuples >= %s"
SHOWN = 110


class Sent(NamedTuple):
    """A statement as the driver got it."""

    query: Query
    params: Params | None


class Scan(NamedTuple):
    """A large table that a statement reads whole."""

    table: str
    statement: str
    """Its beginning."""


@contextmanager
def watched() -> Iterator[list[Sent]]:
    """Every statement of this process while it is open; COPY is not among them."""
    sent: list[Sent] = []
    plain = psycopg.Cursor.execute

    def execute(self: psycopg.Cursor[Any], query: Query, params: Params | None = None, **how: Any) -> object:  # noqa: ANN401  # as the driver has it
        sent.append(Sent(query, params))
        return plain(self, query, params, **how)  # type: ignore[arg-type]  # as it came

    psycopg.Cursor.execute = execute  # type: ignore[method-assign,assignment]  # nothing else sees every statement
    try:
        yield sent
    finally:
        psycopg.Cursor.execute = plain  # type: ignore[method-assign]


def scans(url: str, sent: list[Sent]) -> list[Scan]:
    """The large tables that these would read whole, each statement once."""
    found: dict[tuple[str, str], Scan] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        large = {name for name, _ in connection.execute(SIZES, (LARGE,)).fetchall()}
        for each in sent:
            words = " ".join(_text(each.query, connection).split())
            if words.upper().startswith(("SELECT", "WITH")):
                for table in _scanned(_plan(connection, each)) & large:
                    found[table, words] = Scan(table, words[:SHOWN])
    return sorted(found.values())


def _plan(connection: psycopg.Connection[Any], sent: Sent) -> Any:  # noqa: ANN401  # whatever PostgreSQL says
    explain = sql.SQL("EXPLAIN (FORMAT JSON) ") + sql.SQL(_text(sent.query, connection))
    (plan,) = connection.execute(explain, sent.params).fetchone() or ("[]",)
    return json.loads(plan) if isinstance(plan, str) else plan


def _scanned(plan: Any) -> set[str]:  # noqa: ANN401  # a tree of JSON
    if isinstance(plan, list):
        return set().union(*map(_scanned, plan))
    if not isinstance(plan, dict):
        return set()
    below = set().union(*map(_scanned, plan.values()))
    return below | ({plan["Relation Name"]} if plan.get("Node Type") == "Seq Scan" else set())


def _text(query: Query, connection: psycopg.Connection[Any]) -> str:
    if isinstance(query, bytes):
        return query.decode()
    return query if isinstance(query, str) else query.as_string(connection)
