"""Databases that are copies of a template, and gone afterwards."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.util import LRUCache

from database import session
from database.embedded import EmbeddedPostgres
from database.migrate import migrate
from database.session import Database

CLONES = itertools.count()
Fill = Callable[[Database], object]
FILLS: dict[tuple[str, str], Fill] = {}
"""By file of tests and name of the fixture."""
STATEMENTS = 5_000
MIGRATED = "template_tierwise"
"""A template that is migrated, and empty."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server, and one connection that makes and drops its databases: one for each would cost as much as a copy."""

    server: EmbeddedPostgres
    connection: "psycopg.Connection[tuple[object, ...]]"
    filled: dict[Fill, str] = field(default_factory=dict)
    """Templates that were made."""

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

    def template_of(self, fill: Fill) -> str:
        """The name of a template that is filled so, for the first who asks."""
        if fill not in self.filled:
            name = f"template_{next(CLONES)}"
            with self.template(name) as database:
                fill(database)
            self.filled[fill] = name
        return self.filled[fill]

    def _copy(self, template: str, name: str) -> None:
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


def filled_once(fill: Fill) -> Any:  # noqa: ANN401 - the fixture, which pytest alone calls
    """Of `fill` the fixture of its name: the database of the test, which is a copy of one that was filled so once.

    So is the database of whatever other fixtures the test has beside it.
    """
    FILLS[fill.__module__, fill.__name__] = fill

    @pytest.fixture(name=fill.__name__)
    def filled(database: Database) -> Database:
        return database

    return filled


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


@contextmanager
def statements() -> Iterator[list[str]]:
    """Those that are sent by way of SQLAlchemy."""
    seen: list[str] = []

    def see(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", see)
    yield seen
    event.remove(Engine, "before_cursor_execute", see)
