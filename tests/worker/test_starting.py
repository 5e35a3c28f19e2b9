"""Processes may start in any order."""

import errno
import logging
import os
import re
from threading import Thread

import psycopg
import pytest
from running.databases import Cluster
from running.forked import threads_before_forking
from running.worker_processes import wait_for

import worker.__main__ as door
from database.work.broker import INSTALLED
from worker import semaphores


def test_a_worker_waits_for_the_database(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0.05)
    url = postgres.url("comes_later")
    waiting = Thread(target=door.install_broker, args=(url,))

    waiting.start()
    wait_for(lambda: "the database is away" in caplog.text)
    postgres.execute("CREATE DATABASE comes_later STRATEGY FILE_COPY")
    waiting.join(30)

    with psycopg.connect(url) as connection:
        assert connection.execute(INSTALLED).fetchone() == (True,)
    postgres.execute("DROP DATABASE comes_later")


def test_a_worker_without_room_for_its_semaphores_says_which_place_is_full(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger(semaphores.CELERY)
    before = logger.filters[:]
    semaphores.tell_of_room()
    try:
        for number in (errno.ENOSPC, errno.EMFILE):
            trouble = OSError(number, os.strerror(number))
            logger.critical("Unrecoverable error: %r", trouble, exc_info=trouble)
    finally:
        logger.filters[:] = before

    assert [(record.getMessage(), record.exc_info is None) for record in caplog.records] == [
        (semaphores.WORDS, True), ("Unrecoverable error: OSError(24, 'Too many open files')", False)
    ]  # fmt: skip


def test_what_workers_read_before_they_fork_starts_no_threads_that_forks_would_wait_for() -> None:
    started = threads_before_forking()

    assert "python" in started
    assert [name for name in started if re.fullmatch(r"polars-\d+|tokio-rt-worker", name)] == []
