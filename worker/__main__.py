"""`python -m worker` works off tasks, `python -m worker beat` keeps the clock, relays and seals; SIGTERM ends both."""

import argparse
import gc
import logging
import signal
import sys
import time
import warnings
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from threading import Event, Thread
from typing import Any, NoReturn

from celery import Celery
from celery.exceptions import CPendingDeprecationWarning

from channels.addresses import ChannelAddressRefused
from database.failures import failure_of
from database.session import BadAddress, Database
from database.shape import NotMigrated, must_be_migrated
from database.work import broker
from settings import Settings, SettingsRefused, settings
from telemetry.exposition import PortRefused
from worker import last_words
from worker.app import make_app
from worker.beat import relay, sealer, ticking
from worker.beat.outages import PacedOutage
from worker.clock import schedule
from worker.ending import end_in_time
from worker.metrics import exposed
from worker.tasks import register
from worker.tools import STATEMENT_TIMEOUT_MS, Tools

USAGE_ERROR = 2
PATIENCE_SECONDS = 2.0
END_SECONDS = 5.0
"""For what has begun when the clock is told to end: a database that is frozen never answers. Nothing is lost by it."""
log = logging.getLogger("worker")


def main(arguments: list[str]) -> int:
    """Read the settings and play the role that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("role", nargs="?", choices=("work", "beat"), default="work")
    role = parser.parse_args(arguments).role
    # In UTC as the server's, so that an hour that clocks repeat at a place is not twice in it.
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(level=logging.INFO, format="%(asctime)s UTC %(levelname)s %(name)s: %(message)s")
    # It would write a line for each message, with the provider's address and what stands in it.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        return play(role, settings())
    except ChannelAddressRefused as error:
        sys.stderr.write(f"TIERWISE_CHANNELS: {error}\n")
    except (SettingsRefused, BadAddress, PortRefused, NotMigrated) as error:
        sys.stderr.write(f"{error}\n")
    return USAGE_ERROR


def play(role: str, read: Settings) -> int:
    """Until SIGTERM; the exit status. Raises what these settings are refused with."""
    if read.database_url is None:
        raise SettingsRefused("no database: set TIERWISE_DATABASE_URL to postgresql://…")
    url = read.database_url.get_secret_value()
    tools = Tools(settings=read, database_url=url)
    tools.check_channels()
    log.info("%s: %s", role, read.masked())
    if read.broker_url is None:
        install_broker(url)
    with closing(Database.at(url, pool_size=1)) as database:
        must_be_migrated(database)
    app = make_app(read, url)
    register(app, tools)
    with exposed(read, role, url):
        return (work if role == "work" else beat)(app, read, url)


def install_broker(url: str) -> None:
    """As soon as the database is there, which may start later than we do."""
    outage = PacedOutage(log, "the database is away", pause=PATIENCE_SECONDS, longest=PATIENCE_SECONDS)
    while True:
        try:
            return broker.install(url)
        except Exception as error:
            if failure_of(error) is None:
                raise
            outage.note(error)
            time.sleep(outage.pause)


def work(app: Celery, read: Settings, _url: str) -> int:
    """Work off tasks until SIGTERM; what is begun ends with its chunk, or by force when its grace is over.

    The exit status: not 0 if Celery gave up.
    """
    end_in_time(read.work_grace_seconds)
    last_words.tell()
    # What was imported stays: to look through it for garbage takes a quarter of a second, each time that a chunk came.
    gc.collect()
    gc.freeze()
    worker = app.Worker(
        pool="prefork", concurrency=read.worker_processes, loglevel="INFO", quiet=True, without_gossip=True,
        without_mingle=True,
    )  # fmt: skip
    # Advice to developers on a setting that is made, each time that the broker goes away. Celery has just turned it on.
    warnings.simplefilter("ignore", CPendingDeprecationWarning)
    worker.start()
    return worker.exitcode or 0


def beat(app: Celery, read: Settings, url: str) -> int:
    """Tick each minute, relay the outbox and seal the audit log all the while, until SIGTERM."""
    database = Database.at(url, pool_size=2, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    stop = Event()

    def send(task: str, arguments: Mapping[str, Any]) -> None:
        app.send_task(task, kwargs=dict(arguments))

    def tick() -> None:
        app.send_task(schedule.TICK, expires=schedule.TICK_SECONDS)

    threads = [
        Thread(target=run, name=name, daemon=True)
        for name, run in {
            "clock": partial(ticking.run, tick, stop, seconds=schedule.TICK_SECONDS),
            "relay": partial(relay.run, database, send, stop, revive_seconds=read.revive_seconds),
            "sealer": partial(sealer.run, database, stop, anchor=read.audit_anchor),
        }.items()
    ]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        for thread in threads:
            thread.start()
        while True:
            signal.pause()
    except SystemExit:
        return 0
    finally:
        stop.set()
        end = time.monotonic() + END_SECONDS
        # Told to end while they begin, some do not run yet.
        for thread in filter(Thread.is_alive, threads):
            thread.join(max(0, end - time.monotonic()))
        database.close()


def _end(*_: object) -> NoReturn:
    """Out of whatever the main thread does, which is to wait."""
    raise SystemExit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
