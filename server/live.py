"""The model and the tier scheme in force, as this process holds them: loaded when they change, swapped whole."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog

from campaigns.tiers import schemes
from campaigns.tiers.tiers import TierScheme
from database import models
from database.failures import failure_of
from database.models import RegisteredModel
from database.session import Database
from scoring.asking import ModelFolder, Role
from scoring.replicas import Replicas
from scoring.score import ModelRejected

POLL_SECONDS = 1.0
RETRY_SECONDS = 30.0
"""A model that could not be loaded is tried again after this long."""

log = structlog.get_logger("server")


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What answers are made with; replaced as a whole, so that one answer never mixes two states."""

    model: ModelFolder | None = None
    scheme: TierScheme | None = None


class Rejected(NamedTuple):
    """A model that could not be loaded."""

    model_id: str
    retry_at: float


class Live:
    """Follows the database; calls that are under way keep what they began with."""

    def __init__(
        self, database: Database, models_folder: Path, replicas: Replicas, changed: Callable[[InForce], None]
    ) -> None:
        """`changed` is told whenever what is in force changes."""
        self._database = database
        self._folder = models_folder
        self._replicas = replicas
        self._changed = changed
        self._rejected: Rejected | None = None
        self.loaded = 0
        """Models that came into force since the beginning."""
        self.rejected = 0
        """Attempts that failed."""
        self._refreshing = threading.Lock()
        self._stop = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="live-poller", daemon=True)
        self.in_force = InForce()

    def start(self) -> None:
        """Load what is in force, and follow it from then on."""
        self._poller.start()

    def stop(self) -> None:
        """Follow no longer; what is loaded stays."""
        self._stop.set()
        if self._poller.is_alive():
            self._poller.join()

    def refresh(self) -> None:
        """Take up what the database says at this moment."""
        with self._refreshing:
            with self._database.reading() as snapshot:
                model, scheme = models.active(snapshot), schemes.active(snapshot)
            fresh = InForce(model=self._held(model), scheme=scheme)
            if fresh != self.in_force:
                self.in_force = fresh
                self._changed(fresh)

    def check(self, model: RegisteredModel) -> None:
        """Raises ModelRejected for a model that could not answer."""
        self._replicas.check({Role.ACTIVE: self._folder_of(model)})

    def _held(self, model: RegisteredModel | None) -> ModelFolder | None:
        """The active model, or the one before while the active one cannot be loaded."""
        held = self.in_force.model
        if model is None or (held is not None and held.model_id == model.model_id):
            return held
        rejected = self._rejected
        if rejected is not None and rejected.model_id == model.model_id and time.monotonic() < rejected.retry_at:
            return held
        folder = self._folder_of(model)
        try:
            self._replicas.hold({Role.ACTIVE: folder})
        except ModelRejected as error:
            self._rejected = Rejected(model.model_id, time.monotonic() + RETRY_SECONDS)
            kept = None if held is None else held.model_id
            log.warning("model rejected", model=model.model_id, kept=kept, error=str(error))
            self.rejected += 1
            return held
        log.info("model loaded", model=model.model_id)
        self.loaded += 1
        return folder

    def _folder_of(self, model: RegisteredModel) -> ModelFolder:
        folder = Path(model.folder)
        return ModelFolder(model.model_id, folder if folder.is_absolute() else self._folder / folder)

    def _poll(self) -> None:
        while True:
            try:
                self.refresh()
            except Exception as error:
                failure = failure_of(error)
                log.warning("refresh failed", failure=failure and failure.name, exc_info=None if failure else error)
            if self._stop.wait(POLL_SECONDS):
                return
