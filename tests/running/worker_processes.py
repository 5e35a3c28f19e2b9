"""Real worker processes on real brokers, for tests that kill them."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

from made.campaigns import read_operation

from database.session import Database
from database.work.operations import Operation
from running.forked import ForkedWorker
from settings import Settings, child_environment
from worker.app import make_app
from worker.beat.relay import run

ROOT = Path(__file__).resolve().parents[2]
REDELIVER_SECONDS = 3


@contextmanager
def worker(database_url: str, *, role: str = "work", **settings: str) -> Iterator[ForkedWorker]:
    """A worker of one process in a group of its own, killed at the end; what fails meanwhile tells what it said."""
    changes = {
        "TIERWISE_DATABASE_URL": database_url,
        "TIERWISE_WORKER_PROCESSES": "1",
        "TIERWISE_TASK_SECONDS": "1",
        "TIERWISE_REDELIVER_SECONDS": str(REDELIVER_SECONDS),
        "OMP_NUM_THREADS": "1",
    }
    process = ForkedWorker(role, folder=ROOT, environment=child_environment(changes | settings))
    try:
        yield process
    except BaseException as error:
        error.add_note(process.said())
        raise
    finally:
        kill(process)
        process.forget()


@contextmanager
def relaying(database: Database, database_url: str, *, revive_seconds: float = 60) -> Iterator[None]:
    """The relay of a beat process, in a thread."""
    app = make_app(Settings(), database_url)
    stop = Event()

    def send(task: str, arguments: Mapping[str, Any]) -> None:
        app.send_task(task, kwargs=dict(arguments))

    relay = Thread(target=run, args=(database, send, stop), kwargs={"revive_seconds": revive_seconds})
    relay.start()
    try:
        yield
    finally:
        stop.set()
        relay.join()
        app.close()


def kill(process: "subprocess.Popen[bytes] | ForkedWorker") -> None:
    """SIGKILL to the worker and to every process that it forked."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition: Callable[[], bool], *, seconds: float = 150) -> None:
    """Until it holds; fails the test when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def wait_until_done(database: Database, operation: Operation, *, seconds: float = 150) -> Operation:
    wait_for(lambda: read_operation(database, operation.operation_id).done, seconds=seconds)
    return read_operation(database, operation.operation_id)


@contextmanager
def redis(port: int) -> Iterator[str]:
    """A redis-server that keeps nothing on disk; its address."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(lambda: listens(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0
