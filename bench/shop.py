"""A shop to measure on: a database of its own, a network that can answer, and the processes that are measured."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from admin.demo.client import ShopClient
from admin.running.processes import INSECURE, Processes, stopped_by_signals
from admin.running.stages import Stages
from campaigns.actor import Actor, Cause
from database.customers import loading
from database.embedded import free_port
from database.events import items, store
from database.models import registry
from database.session import Database
from database.work import operations
from database.work.operations import Operation
from scoring.scorer import Scorer
from settings import settings
from simulator.catalogue import catalogue
from simulator.files import write
from simulator.shop import Shop
from simulator.stream import simulate

DAYS = 540
SEED = 7
LEARNERS = 150
"""Customers that the network learns from: its answers do not matter here, and its speed does not depend on them."""
POLL_SECONDS = 0.02
START_SECONDS = 120.0
LONGEST_STATEMENT_MS = 600_000


class BenchmarkFailedError(RuntimeError):
    """What should be measured did not happen."""


@dataclass(frozen=True, slots=True)
class BenchShop:
    """A migrated database without rows, and room for processes; everything is gone at the end."""

    home: Path
    processes: Processes
    database: Database

    def execute(self, *statements: str) -> None:
        """Run SQL of the benchmark's own, each statement at once."""
        with psycopg.connect(self.processes.database_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def serve(self, service: str) -> str:
        """Start the server; its address, once it answers for this service."""
        address = free_address()
        self.processes.environment["TIERWISE_LISTEN"] = address
        self.processes.start("server", ["-m", "server"])
        with ShopClient(address) as client:
            client.wait_until_serving(service, START_SECONDS)
        return address


@contextmanager
def prepared() -> Iterator[BenchShop]:
    """Never the database of the settings: a benchmark empties tables."""
    with tempfile.TemporaryDirectory(prefix="tierwise-bench-") as folder, stopped_by_signals():
        home = Path(folder)
        home.chmod(0o755)
        own = settings().model_copy(update={"database_url": None})
        if own.broker_url is not None:
            raise BenchmarkFailedError("unset TIERWISE_BROKER_URL: its workers would take the benchmark's tasks")
        with Processes.prepare(home, own) as processes:
            midday_away = (datetime.now(UTC) + timedelta(hours=12)).time()
            processes.environment |= {"OMP_NUM_THREADS": "1", "TIERWISE_RESCORE_AT": str(midday_away), **INSECURE}
            database = Database.at(processes.database_url, statement_timeout_ms=LONGEST_STATEMENT_MS)
            try:
                yield BenchShop(home, processes, database)
            finally:
                database.close()


def simulated(customers: int) -> Shop:
    """A shop whose history ends last midnight."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Shop(customers=customers, seed=SEED, start=midnight - timedelta(days=DAYS), days=DAYS)


def stock(shop: BenchShop, customers: int) -> list[str]:
    """Record a simulated shop; the ids of its customers."""
    made, ids = simulated(customers), []
    with shop.database.writing() as transaction:
        items.copy_items(transaction, catalogue(made))
        for block in simulate(made):
            loading.copy_customers(transaction, block.customers)
            store.copy_events(transaction, block.events)
            ids += block.customers["customer_id"].to_list()
    shop.execute("VACUUM ANALYZE")
    return ids


def learn(shop: BenchShop) -> Scorer:
    """A network of the default size that learned for one epoch from a few customers, active; loaded here as well."""
    folder = shop.home / "learners"
    write(simulated(LEARNERS), folder)
    Stages(environment=shop.processes.environment).tierwise(
        "train", "--events", str(folder / "events.parquet"), "--items", str(folder / "items.parquet"), "--epochs", "1",
        "--activate",
    )  # fmt: skip
    with shop.database.reading() as snapshot:
        model = registry.active(snapshot)
    if model is None:
        raise BenchmarkFailedError("training left no active model")
    return Scorer.load(Path(model.folder), model_id=model.model_id)


def cause(name: str = "bench") -> Cause:
    """Of everything that a benchmark asks for."""
    return Cause(actor=Actor(name=name), now=datetime.now(UTC))


def finished(shop: BenchShop, operation: Operation) -> Operation:
    """The operation when it has succeeded. Raises BenchmarkFailedError, ChildFailedError."""
    found: Operation | None = operation
    while found is not None and not found.done:
        time.sleep(POLL_SECONDS)
        shop.processes.check()
        with shop.database.reading() as snapshot:
            found = operations.get(snapshot, operation.operation_id)
    if found is None or found.error or found.response is None:
        raise BenchmarkFailedError(f"{operation.name} did not succeed: {found and found.error}")
    return found


def free_address() -> str:
    """A port on loopback that nobody uses at the moment."""
    return f"127.0.0.1:{free_port()}"
