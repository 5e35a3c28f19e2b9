"""A server for tests that begin with nothing; files whose shop has something in it make their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from running.serving import Shop, serving

from database.session import Database


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    """A server on an empty database, without a model."""
    with serving(database, tmp_path, model=False) as running:
        yield running
