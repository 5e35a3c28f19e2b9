"""How the canary answers, as this process sees it: one that fails too often is set aside, for all processes.

From that moment on this process asks it no more; the others follow when they read the database, within a second.
"""

import threading
import time
from collections.abc import Hashable
from datetime import UTC, datetime

import structlog

from campaigns.actor import SERVER, Cause
from campaigns.faults import Fault
from campaigns.models import registry
from campaigns.models.canary_faults import Record
from database.failures import in_a_line
from database.session import Database
from scoring.pool.refusals import ReplicaDied, ReplicaSilent
from scoring.replicas.asking import Kind, Role
from server.answering import call
from server.scoring.live import Live
from server.scoring.outage import outage

RETRY_SECONDS = 1.0
MOST_TOLD = 10
"""Kinds of failure of a canary in the log of a process: some tell of each customer in other words."""

log = structlog.get_logger("server")


class CanaryWatch:
    """Safe for threads; the database is written in one of its own."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database, self._live = database, live
        self._lock = threading.Lock()
        self._model: str | None = None
        """Id of the canary whose record it is."""
        self._record = Record()
        self._fault: Fault | None = None
        self._told: set[str] = set()
        self.answered = self.failed = self.set_aside = 0
        """Since the beginning."""
        self._wake = threading.Event()
        self._stopped = False
        self._keeper = threading.Thread(target=self._run, name="canary-watch", daemon=True)

    def start(self) -> None:
        """Set aside what fails, from here on."""
        self._keeper.start()

    def stop(self) -> None:
        """No longer."""
        self._stopped = True
        self._wake.set()
        if self._keeper.is_alive():
            self._keeper.join()

    def asked_about(self, customer_id: str) -> str | None:
        """Id of the canary, where it is asked about a customer; None where the active model is."""
        canary = self._live.in_force.canary_for(customer_id)
        return None if canary is None or self._is_aside(canary.model_id) else canary.model_id

    def excuse(self, canary: str | None, error: Exception) -> None:
        """Nothing where it was the canary that could not answer; raises the error of the active model.

        The log has each kind of failure once a canary, and ten at most, with the first call that met it.
        """
        if canary is None:
            raise error
        why = in_a_line(error.__cause__ or error)
        with self._lock:
            if new := canary == self._current() and why not in self._told and len(self._told) < MOST_TOLD:
                self._told.add(why)
        if new:
            log.warning("canary failed", model=canary, log_id=call.current().log_id, error=str(error), why=why)

    def note(self, canary: str | None, *, failed: bool) -> None:
        """The canary that was asked answered, or could not and the active model did."""
        if canary is None:
            return
        with self._lock:
            self.failed += failed
            self.answered += not failed
            if canary == self._current():
                self._record.asked(failed=failed)
                self._judge()

    def died(self, kind: Hashable, error: ReplicaDied) -> None:
        """A replica died with a batch of this kind."""
        canary = kind.model_id if isinstance(kind, Kind) else None
        with self._lock:
            if canary not in (self._current(), None):
                return
            if canary is not None and isinstance(error, ReplicaSilent):
                self._record.fell_silent()
            else:
                self._record.died(time.monotonic(), with_it=canary is not None)
            self._judge()

    def _current(self) -> str | None:
        """The canary in force, whose record is kept; another one begins anew."""
        folder = self._live.in_force.models.get(Role.CANARY)
        canary = None if folder is None else folder.model_id
        if canary != self._model:
            self._model, self._record, self._fault, self._told = canary, Record(), None, set()
        return canary

    def _judge(self) -> None:
        if self._model is not None and self._fault is None and (fault := self._record.fault()) is not None:
            self._fault = fault
            self._wake.set()

    def _is_aside(self, canary: str) -> bool:
        return self._fault is not None and self._model == canary

    def _run(self) -> None:
        attempt = outage("canary not set aside")
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._stopped:
                return
            with attempt:
                self._set_aside()
                continue
            time.sleep(RETRY_SECONDS)
            self._wake.set()

    def _set_aside(self) -> None:
        with self._lock:
            model, fault = self._model, self._fault
        if model is None or fault is None:
            return
        with self._database.writing() as transaction:
            cause = Cause(actor=SERVER, now=datetime.now(UTC))
            retired = registry.set_aside(transaction, cause, model, fault)
        if retired is not None:
            log.error("canary set aside", model=model, fault=fault.sentence())
            self.set_aside += 1
        self._live.refresh()
        with self._lock:
            if self._model == model:
                self._model, self._record, self._fault = None, Record(), None
