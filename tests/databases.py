"""Databases that are copies of a template, and gone afterwards."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from database.embedded import EmbeddedPostgres
from database.session import Database

CLONES = itertools.count()
MIGRATED = "template_tierwise"
"""A template that is migrated, and empty."""


@contextmanager
def clone_of(server: EmbeddedPostgres, template: str = MIGRATED) -> Iterator[str]:
    """Address of a copy."""
    name = f"test_{next(CLONES)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield server.url(name)
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def made(server: EmbeddedPostgres, name: str) -> Iterator[Database]:
    """A migrated database to be filled, which is a template afterwards."""
    execute(server, f"CREATE DATABASE {name} TEMPLATE {MIGRATED} STRATEGY FILE_COPY")
    database = Database.at(server.url(name))
    yield database
    database.close()


def execute(server: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())
