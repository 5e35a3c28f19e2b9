"""The server process: `python -m server`. SIGTERM or SIGINT drains it."""

import gc
import resource
import signal
import sys
import threading
from types import FrameType

import structlog

from campaigns.callers.guessing import Allowance
from campaigns.life.approval import ApprovalPolicy
from database.session import Database
from database.shape import must_be_migrated
from server.access.admission import Admission
from server.assembly import Configuration, Server
from server.wire.seal import Seal, kept_key
from settings import Settings, SettingsRefused, settings
from telemetry import logs
from telemetry.tracing import tracing_to

GRACE_SECONDS = 20.0
"""Below the time after which whoever started this process gives up on it."""
ANNOUNCE_SECONDS = 0.5
LOOK_SECONDS = 0.5
CONNECTIONS = 16
TOKEN_KEY = "token.key"  # noqa: S105 - the name of a file


def main() -> int:
    """Serve until a signal; the exit status."""
    logs.configure()
    try:
        given = settings()
    except SettingsRefused as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log = structlog.get_logger("server")
    log.info("settings", **given.masked())
    if given.database_url is None:
        sys.stderr.write(
            "TIERWISE_DATABASE_URL is not set: name a PostgreSQL, or use `tierwise run`, which starts one\n"
        )
        return 2
    try:
        database = Database.at(given.database_url.get_secret_value(), pool_size=CONNECTIONS)
        must_be_migrated(database)
        server = Server.assembled(database, Seal(kept_key(given.home / TOKEN_KEY)), _configuration(given))
    except (ValueError, RuntimeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _allow_many_files()
    _serve(server)
    database.close()
    log.info("stopped")
    return 0


def _allow_many_files() -> None:
    """As the machine grants: what is usual, 1024, is little for a port that holds callers' connections open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _serve(server: Server) -> None:
    asked_to_stop = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        asked_to_stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    # What was imported stays: looking through it for garbage would hold up all calls for longer than many may take.
    gc.collect()
    gc.freeze()
    server.start()
    sys.stdout.write(f"tierwise server listens on port {server.port}\n")
    sys.stdout.flush()
    # A signal that comes just before this thread sleeps, or to another one, does not wake it.
    while not asked_to_stop.wait(LOOK_SECONDS):
        pass
    server.stop(GRACE_SECONDS, announce_seconds=ANNOUNCE_SECONDS)


def _configuration(given: Settings) -> Configuration:
    return Configuration(
        listen=given.listen, admission=Admission.of(given), models_folder=given.models, device=given.device,
        batch_size=given.batch_size, callers=given.callers, replicas=given.replicas,
        longest_wait=given.longest_wait, memory_bytes=given.memory_mb * 2**20,
        allowance=Allowance(burst=given.guess_burst, per_second=given.guesses_per_second),
        policy=ApprovalPolicy.of(
            approvals=given.approvals, large_budget=given.large_budget, currency=given.currency
        ),
        metrics_listen=given.metrics_listen, tracing=tracing_to(given.trace_endpoint, share=given.trace_share),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
