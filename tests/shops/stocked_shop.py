"""A database with something of everything, stocked once; each test has a copy of its own, and a server on it."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from running.databases import Cluster
from running.serving import Shop, serving

from database.session import Database
from shops.valid_requests import stock

TEMPLATE = "template_stocked"


@dataclass(frozen=True, slots=True)
class Stock:
    """What a copy is made of."""

    postgres: Cluster
    models: Path

    def copied(self) -> AbstractContextManager[str]:
        """The address of a copy of the database."""
        return self.postgres.clone_of(TEMPLATE)

    @contextmanager
    def served(self, url: str, home: Path) -> Iterator[Shop]:
        """A server on such a copy."""
        shutil.copytree(self.models, home / "models")
        database = Database.at(url)
        with serving(database, home, model=False) as shop:
            shop.server.live.refresh()
            yield shop
        database.close()


@pytest.fixture(scope="session")
def stocked(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Stock:
    home = tmp_path_factory.mktemp("stocked")
    with postgres.template(TEMPLATE) as database:
        stock(database, home)
    return Stock(postgres, home / "models")


@pytest.fixture
def stocked_url(stocked: Stock) -> Iterator[str]:
    with stocked.copied() as url:
        yield url


@pytest.fixture
def stocked_shop(stocked: Stock, stocked_url: str, tmp_path: Path) -> Iterator[Shop]:
    """For a test that changes something."""
    with stocked.served(stocked_url, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def quiet_shop(stocked: Stock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """For the tests of a file that change nothing that others look at."""
    with stocked.copied() as url, stocked.served(url, tmp_path_factory.mktemp("quiet")) as running:
        yield running
