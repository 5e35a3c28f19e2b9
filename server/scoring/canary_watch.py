"""How the canary answers, as this process sees it: one that fails too often is set aside, for all processes.

From that moment on this process asks it no more; the others follow when they read the database, within a second.
"""

import threading
import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime

import structlog

from campaigns.actor import SERVER, Cause
from campaigns.models import registry
from campaigns.models.canary_faults import Record
from database.failures import failure_of
from database.session import Database
from scoring.asking import Kind, ModelFolder, Role
from server.scoring.live import Live

RETRY_SECONDS = 1.0

log = structlog.get_logger("server")


class CanaryWatch:
    """Safe for threads; the database is written in one of its own."""

    def __init__(self, database: Database, live: Live, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._live, self._clock = database, live, clock
        self._lock = threading.Lock()
        self._model: ModelFolder | None = None
        """Whose record it is."""
        self._record = Record()
        self._fault: str | None = None
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

    def role_of(self, customer_id: str) -> Role:
        """Which model is asked about a customer."""
        role = self._live.in_force.role_of(customer_id)
        return Role.ACTIVE if role is Role.CANARY and self._is_aside() else role

    def note(self, role: Role, *, failed: bool) -> None:
        """The model of a role answered, or could not and the active one did."""
        if role is not Role.CANARY:
            return
        with self._lock:
            record = self._current()
            if failed:
                self.failed += 1
                record.failed()
            else:
                self.answered += 1
                record.answered()
            self._judge(record)

    def died(self, kind: Hashable) -> None:
        """A replica died with a batch of this kind."""
        with self._lock:
            record = self._current()
            record.died(self._clock(), with_it=isinstance(kind, Kind) and kind.role is Role.CANARY)
            self._judge(record)

    def _current(self) -> Record:
        """Of the canary in force; another one begins anew."""
        canary = self._live.in_force.models.get(Role.CANARY)
        if canary != self._model:
            self._model, self._record, self._fault = canary, Record(), None
        return self._record

    def _judge(self, record: Record) -> None:
        if self._model is not None and self._fault is None and (fault := record.fault()) is not None:
            self._fault = fault
            self._wake.set()

    def _is_aside(self) -> bool:
        return self._fault is not None and self._live.in_force.models.get(Role.CANARY) == self._model

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._stopped:
                return
            try:
                self._set_aside()
            except Exception as error:
                failure = failure_of(error)
                cause = None if failure else error
                log.warning("canary not set aside", failure=failure and failure.name, exc_info=cause)
                time.sleep(RETRY_SECONDS)
                self._wake.set()

    def _set_aside(self) -> None:
        with self._lock:
            model, fault = self._model, self._fault
        if model is None or fault is None:
            return
        with self._database.writing() as transaction:
            cause = Cause(actor=SERVER, now=datetime.now(UTC), reason=fault)
            retired = registry.set_aside(transaction, cause, model.model_id)
        if retired is not None:
            log.error("canary set aside", model=model.model_id, fault=fault)
            self.set_aside += 1
        self._live.refresh()
        with self._lock:
            self._model, self._record, self._fault = None, Record(), None
