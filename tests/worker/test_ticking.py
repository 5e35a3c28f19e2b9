"""The clock ticks at once and ever again, whatever becomes of one tick."""

import signal
from threading import Event

import psycopg
import pytest
from running.worker_processes import wait_for, worker

from database.work import broker
from worker.beat import ticking


def test_a_tick_that_the_broker_did_not_take_is_told_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    stop, came = Event(), list[int]()

    def tick() -> None:
        came.append(len(came))
        if len(came) == 2:
            raise ConnectionError("away")
        if len(came) == 4:
            stop.set()

    ticking.run(tick, stop, seconds=0.01)

    assert came == [0, 1, 2, 3]
    assert [record.getMessage() for record in caplog.records] == [
        "clock: no tick reaches the broker; tried again until it works: ConnectionError: away",
        "clock: no tick reaches the broker: over",
    ]


def test_beat_ticks_as_it_starts_and_ends_at_once(database_url: str) -> None:
    broker.install(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection, worker(database_url, role="beat") as beat:
        wait_for(lambda: connection.execute("SELECT to_regclass('pgmq.q_tierwise_clock')").fetchone() != (None,))
        wait_for(lambda: connection.execute("SELECT count(*) FROM pgmq.q_tierwise_clock").fetchone() == (1,))
        beat.send_signal(signal.SIGTERM)
        assert beat.wait(timeout=20) == 0
