"""Databases that are copies of a template, and gone afterwards."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from database.embedded import EmbeddedPostgres
from database.migrate import migrate
from database.session import Database

CLONES = itertools.count()
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
