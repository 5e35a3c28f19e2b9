"""Processes may start in any order."""

import errno
import logging
import re
from threading import Thread

import psycopg
import pytest
import redis
from running.databases import Cluster
from running.forked import threads_before_forking
from running.worker_processes import wait_for

import worker.__main__ as door
from database.work.broker import INSTALLED
from worker import last_words


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


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), last_words.NO_ROOM),
        (redis.OutOfMemoryError("full\nand more"), last_words.BROKER % "OutOfMemoryError: full"),
        (psycopg.OperationalError("away"), last_words.BROKER % "OperationalError: away"),
        (OSError(errno.EMFILE, "Too many open files"), None),
        (ValueError("of ours"), None),
    ],
)
def test_what_celery_ends_a_worker_for_is_a_sentence_where_it_lies_outside(
    caplog: pytest.LogCaptureFixture, trouble: Exception, told: str | None
) -> None:
    logger = logging.getLogger(last_words.CELERY)
    of_requests = logging.getLogger(last_words.REQUEST)
    before = [(each, each.filters[:]) for each in (logger, of_requests)]
    last_words.tell()
    try:
        logger.critical("Unrecoverable error: %r", trouble, exc_info=trouble)
        logger.error("Timer error: %r", trouble, exc_info=trouble)
        of_requests.critical("Couldn't ack", exc_info=trouble)
    finally:
        for each, filters in before:
            each.filters[:] = filters

    assert [(record.getMessage(), record.exc_info is None) for record in caplog.records] == [
        (told or f"Unrecoverable error: {trouble!r}", told is not None),
        (f"Timer error: {trouble!r}", False),
        ("Couldn't ack", told not in {None, last_words.NO_ROOM}),
    ]


def test_what_workers_read_before_they_fork_starts_no_threads_that_forks_would_wait_for() -> None:
    started = threads_before_forking()

    assert "python" in started
    assert [name for name in started if re.fullmatch(r"polars-\d+|tokio-rt-worker", name)] == []
