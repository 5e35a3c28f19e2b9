"""A worker goes on whichever of its processes the kernel takes, also one that waits for work."""

import logging
from datetime import UTC, datetime

import psycopg
import pytest
from killable import children, kill_forks
from made.audit_log import sealed, write_lines
from made.campaigns import make_cause
from running.databases import Cluster
from running.worker_processes import relaying, wait_for, wait_until_done, worker

from campaigns.audit import verification
from database.session import Database
from database.work import broker
from database.work.operations import Operation
from settings import Settings
from worker.app import QUEUE, make_app


def begin(database: Database) -> Operation:
    with database.writing() as transaction:
        return verification.begin(transaction, make_cause(datetime.now(UTC)), from_seq=1)


def test_a_process_that_is_killed_while_it_waits_takes_no_work_with_it(database: Database, database_url: str) -> None:
    write_lines(database, 3)
    sealed(database)
    broker.install(database_url)
    states, victims = [], set[int]()

    with relaying(database, database_url), worker(database_url) as running:
        for _ in range(2):
            states.append(wait_until_done(database, begin(database), seconds=40).state)
            wait_for(lambda: bool(children(running.pid)))
            victims |= kill_forks(running.pid)
        states.append(wait_until_done(database, begin(database), seconds=40).state)

    assert states == ["SUCCEEDED"] * 3
    assert len(victims) >= 2


def test_a_worker_outlives_a_database_that_takes_no_writes(
    postgres: Cluster, database: Database, database_url: str
) -> None:
    write_lines(database, 3)
    sealed(database)
    broker.install(database_url)
    name = database_url.rpartition("/")[2]

    with worker(database_url) as running:
        wait_for(lambda: "celery.worker.consumer.connection: Connected" in running.said())
        postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        wait_for(lambda: "session is read-only" in running.said())
        postgres.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        with relaying(database, database_url):
            done = wait_until_done(database, begin(database), seconds=60)

    assert done.state == "SUCCEEDED"


def test_a_receipt_for_a_connection_that_is_lost_ends_no_worker_and_its_message_stays(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker.install(database_url)
    with make_app(Settings(), database_url).connection_for_read() as connection:
        queue = connection.SimpleQueue(QUEUE)
        queue.put({})
        message = queue.get()

    message.ack_log_error(logging.getLogger(), connection.connection_errors)

    assert "Couldn't ack" in caplog.text
    with psycopg.connect(database_url) as reader:
        assert reader.execute("SELECT read_ct FROM pgmq.q_tierwise").fetchall() == [(1,)]
