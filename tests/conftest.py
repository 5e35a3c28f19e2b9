"""A real PostgreSQL, migrated once; every test that asks for `database_url` gets a clone of its own."""

import gc
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from running.databases import FILLS, Cluster

from database import embedded
from database.session import Database
from settings import settings

MEMORY = Path("/dev/shm")
ROOM_BYTES = 6 * 1024**3
LONGEST = (
    "test_docs.py", "test_text.py", "test_watching.py", "test_experiment_promises.py", "test_killed_launch.py",
    "test_learning.py", "test_agreed_rules.py", "test_demo.py", "test_retraining.py", "test_sealer.py",
    "test_handing_over.py", "test_benchmarks.py", "test_knowing.py", "test_never_oversold.py",
    "test_scoring_processes.py", "test_reservations.py", "test_faults.py", "test_bulk_faults.py", "test_forgetting.py",
    "test_refunds.py", "test_uplift_hillstrom.py", "test_simulated_files.py", "test_wizard_story.py",
    "test_reconciliation.py", "test_coupons_together.py", "test_embedded.py", "test_laws.py",
)  # fmt: skip
"""Files of more than twenty seconds: they begin first, so that no process is left alone with one at the end."""
pytest_plugins = [
    "running.browser", "running.passwords", "made.events", "networks.pool_of_numbers", "shops.reporting_shop",
    "shops.served_shop", "shops.stocked_shop",
]  # fmt: skip
# How long an example takes says how busy the machine is, and nothing of the code.
BUSY = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
# One commit gets one verdict, of examples that are the same each time: the many and new ones are `make explore`'s.
hypothesis.settings.register_profile("same", BUSY, max_examples=40, derandomize=True, database=None)
hypothesis.settings.register_profile("exploring", BUSY, max_examples=1_000, print_blob=True)
hypothesis.settings.load_profile("same")
# What is read until the tests are collected stays to the end: to look through it for garbage is half of all reading.
gc.disable()
# Plain: to draw a traceback with all that is in its frames takes longer than a call may. On standard error, as in
# processes: a server in the process of a test logs while a command prints what is read as JSON.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ],
    logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """What counts repeated tests is told of each and asked about it at once, in two packets to another process.

    The second would wait until the first is acknowledged, for which the kernel takes its forty milliseconds.
    """
    told = getattr(getattr(config, "failures_db", None), "sock", None)
    if told is not None:
        told.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One server for each test process, with a migrated database called template_tierwise."""
    with tempfile.TemporaryDirectory(prefix="tierwise-test-", dir=_memory()) as folder:
        Path(folder).chmod(0o755)
        server = embedded.start(Path(folder) / "postgres", durable=False)
        try:
            with Cluster.on(server) as cluster:
                yield cluster
        finally:
            server.stop()


@pytest.fixture
def database_url(postgres: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a database of this test alone: commits are real, and gone afterwards.

    It is empty, unless a fixture of the test is one that is `filled_once`.
    """
    fills = [FILLS[each] for name in request.fixturenames if (each := (request.module.__name__, name)) in FILLS]
    with postgres.clone_of(*map(postgres.template_of, fills)) as url:
        yield url


@pytest.fixture(scope="module")
def database_of_file(postgres: Cluster) -> Iterator[Database]:
    """One database for all tests of a file that only look at what one of its fixtures did."""
    with postgres.clone_of() as url:
        opened = Database.at(url)
        yield opened
        opened.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The project's own way to the database of this test."""
    opened = Database.at(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """TIERWISE_HOME of commands that run in this process, so that the checkout stays as it was."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERWISE_HOME", str(folder))
        settings.cache_clear()
        yield folder
    settings.cache_clear()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is absent."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real data sets are not beside the checkout ({folder.name}/)")
    return folder


def _memory() -> Path | None:
    """Where databases are copied twice as fast, if there is room; None for the disk."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return MEMORY if roomy else None
