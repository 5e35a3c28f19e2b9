"""Whether the database answers this server: without it no service can, and whoever balances load should know."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait

import structlog

from database.glances import Glances
from database.session import Database
from scoring.pool.aside import Aside

LOOK_SECONDS = 0.5
SILENCE_SECONDS = 5.0
"""Longer than a restart of PostgreSQL takes, and than most callers wait."""
END_SECONDS = 1.0
"""For a question that is under way when there are to be no more."""

log = structlog.get_logger("server")


class DatabaseWatch:
    """Asks again and again, over a connection that no call takes and in a thread that may wait for ever."""

    def __init__(self, database: Database, changed: Callable[[bool], object]) -> None:
        """`changed` is told whether it answers, when that changes; it is taken to answer at first."""
        self._glances, self._changed = Glances(database), changed
        self._aside, self._stop = Aside(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="database-watch", daemon=True)

    def start(self) -> None:
        """Ask from here on."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; a question that was never answered is left behind."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        wait([self._aside.begin(self._glances.close)], END_SECONDS)
        self._aside.close()

    def _run(self) -> None:
        asked, answered, answers = self._asked(), time.monotonic(), True
        while not self._stop.wait(LOOK_SECONDS):
            if asked.done():
                answered = answered if asked.exception() else time.monotonic()
                asked = self._asked()
            silent = time.monotonic() - answered
            if answers != (silent < SILENCE_SECONDS):
                answers = not answers
                self._tell(silent, answers=answers)

    def _asked(self) -> "Future[None]":
        return self._aside.begin(lambda: self._glances.touch(seconds=SILENCE_SECONDS))

    def _tell(self, silent: float, *, answers: bool) -> None:
        if answers:
            log.info("database answers again")
        else:
            log.error("database silent", seconds=round(silent, 1))
        self._changed(answers)
