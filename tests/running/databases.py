"""Databases that are copies of a template, and gone afterwards."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from database import session
from database.embedded import EmbeddedPostgres
from database.migrate import migrate
from database.session import Database

CLONES = itertools.count()
STATEMENTS = 5_000
MIGRATED = "template_tierwise"
"""A template that is migrated, and empty."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server, and one connection that makes and drops its databases: one for each would cost as much as a copy."""

    server: EmbeddedPostgres
    connection: "psycopg.Connection[tuple[object, ...]]"

    @classmethod
    @contextmanager
    def on(cls, server: EmbeddedPostgres) -> Iterator["Cluster"]:
        """With the template in it."""
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            made = cls(server, connection)
            made.execute(f"CREATE DATABASE {MIGRATED}")
            migrate(made.url(MIGRATED))
            with compiled_once(made.url(MIGRATED)):
                yield made

    def url(self, database: str) -> str:
        return self.server.url(database)

    def execute(self, statement: str) -> None:
        self.connection.execute(statement.encode())

    @contextmanager
    def clone_of(self, template: str = MIGRATED) -> Iterator[str]:
        """Address of a copy."""
        name = f"test_{next(CLONES)}"
        self._copy(template, name)
        yield self.url(name)
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def template(self, name: str) -> Iterator[Database]:
        """A migrated database to be filled, which is a template afterwards."""
        self._copy(MIGRATED, name)
        database = Database.at(self.url(name))
        yield database
        database.close()

    def _copy(self, template: str, name: str) -> None:
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


@contextmanager
def compiled_once(url: str) -> Iterator[None]:
    """Every engine knows the statements of those before it, as in a process that has one: tests make one each.

    To compile them anew is a fifth of all that tests compute. An engine's statements are its dialect's, which learns
    the server at the first connection.
    """
    engine_at = session.engine_at
    first = engine_at(url)
    first.connect().close()
    first.dispose()
    statements: LRUCache[Any, Any] = LRUCache(STATEMENTS)

    def made(address: str, **choices: Any) -> Engine:  # noqa: ANN401 - as engine_at
        engine = engine_at(address, **choices)
        engine.dialect = first.dialect
        engine.update_execution_options(compiled_cache=statements)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "engine_at", made)
        yield
