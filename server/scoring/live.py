"""The models and the tier scheme in force, as this process holds them: loaded when they change, swapped whole."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import structlog

from campaigns.experiments.assignment import position
from campaigns.models.stages import State
from campaigns.tiers import schemes
from campaigns.tiers.tiers import TierScheme
from database.models import registry
from database.models.registry import RegisteredModel
from database.session import Database
from scoring.folders.adapter_seal import check_adapters
from scoring.folders.market_files import markets_without
from scoring.pool.process import Wanted
from scoring.pool.refusals import GivenUp
from scoring.replicas.asking import ModelFolder, Role
from scoring.replicas.replicas import Models, Replicas
from scoring.score import ModelRejected
from server.scoring.outage import outage
from server.scoring.rejected import Rejected

POLL_SECONDS = 1.0
ROLES: Mapping[str, Role] = {State.ACTIVE: Role.ACTIVE, State.CANARY: Role.CANARY, State.SHADOW: Role.SHADOW}

log = structlog.get_logger("server")


class Said(NamedTuple):
    """What the database says at a moment."""

    serving: Mapping[str, RegisteredModel]
    scheme: TierScheme | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What answers are made with; replaced as a whole, so that one answer never mixes two states."""

    models: Models = field(default_factory=dict)
    """A SHADOW is named here and held elsewhere."""
    canary_share: float = 0.0
    scheme: TierScheme | None = None

    @property
    def model(self) -> ModelFolder | None:
        """The active one."""
        return self.models.get(Role.ACTIVE)

    @property
    def answering(self) -> list[ModelFolder]:
        """Those that callers may hear."""
        return [model for role, model in self.models.items() if role is not Role.SHADOW]

    def share_of(self, role: Role) -> float:
        """Of the customers about whom the model of a role answers."""
        canary = self.canary_share if Role.CANARY in self.models else 0.0
        return {Role.ACTIVE: 1 - canary, Role.CANARY: canary, Role.SHADOW: 0.0}[role]

    def canary_for(self, customer_id: str) -> ModelFolder | None:
        """The canary, where it answers about a customer, by a hash of both: a larger share keeps whom a smaller had.

        Guests have no id: all of them would be in the share, or none.
        """
        canary = self.models.get(Role.CANARY)
        if canary is None or not customer_id or position(canary.model_id, customer_id) >= self.canary_share:
            return None
        return canary


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
        self._folders: dict[str, tuple[int, ModelFolder]] = {}
        self._held: Models = {}
        self._left_alone = Rejected()
        self._outage = outage("refresh failed")
        self.loaded = 0
        """Models that came into force since the beginning."""
        self.rejected = 0
        """Attempts that failed."""
        self.refused: str | None = None
        """The model of the last of them."""
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
        self._refresh(ending=lambda: False)

    def _refresh(self, ending: Callable[[], bool]) -> None:
        with self._refreshing:
            while not ending():
                # A model that loads for long does not hold up what is said meanwhile: a rollback, say.
                with suppress(GivenUp):
                    said = self._said()
                    self._take_up(said, partial(self._still_says, said, ending))
                    return

    def _said(self) -> Said:
        with self._database.reading() as snapshot:
            return Said(registry.serving(snapshot), schemes.active(snapshot))

    def _take_up(self, said: Said, still: Wanted) -> None:
        models = {ROLES[state]: self._folder_of(model) for state, model in said.serving.items()}
        shadow = models.pop(Role.SHADOW, None)
        if self._held:
            # What needs no loading waits for none. A canary that becomes the active model keeps its customers.
            self._answer_with(_still_wanted(self._held, models), shadow, said)
        for wanted in self._in_turn(models):
            self._held = self._holding(wanted, still)
            self._answer_with(self._held, shadow, said)

    def _answer_with(self, models: Models, shadow: ModelFolder | None, said: Said) -> None:
        canary = said.serving.get(State.CANARY)
        share = self.in_force.canary_share if canary is None else canary.canary_share or 0.0
        fresh = InForce(
            models=models if shadow is None else {**models, Role.SHADOW: shadow},
            canary_share=share if Role.CANARY in models else 0.0, scheme=said.scheme,
        )  # fmt: skip
        if fresh != self.in_force:
            self.in_force = fresh
            self._changed(fresh)

    def _in_turn(self, models: Models) -> Iterator[Models]:
        """What else there is does not wait until a canary that is new is loaded."""
        if Role.CANARY in models and models[Role.CANARY] not in self._held.values():
            yield {role: model for role, model in models.items() if role is not Role.CANARY}
        yield models

    def _still_says(self, said: Said, ending: Callable[[], bool]) -> bool:
        if ending():
            return False
        try:
            return self._said() == said
        except Exception as error:  # noqa: BLE001 - logged, with its traceback where it is a defect
            self._outage.note(error)
            return True

    def check(self, model: RegisteredModel) -> None:
        """Raises ModelRejected for a model that could not answer."""
        place = self._folder_of(model)
        check_adapters(place.folder, model.model_id)
        self._replicas.check({Role.ACTIVE: place})

    def markets_lost(self, model: RegisteredModel, active: RegisteredModel) -> list[str]:
        """Markets that lose the adapters of the active model when another one answers in its place."""
        return markets_without(self._folder_of(model).folder, self._folder_of(active).folder)

    def _holding(self, wanted: Models, still: Wanted) -> Models:
        """What is held from now on: of the models that are wanted those that can be loaded.

        An active one that cannot be leaves the one before; a canary that cannot be has no customers. Raises GivenUp
        once these are not `still` wanted.
        """
        patient = {role: model for role, model in wanted.items() if model not in self._left_alone}
        active = patient.get(Role.ACTIVE, self._held.get(Role.ACTIVE))
        if active is None:
            return {}
        chosen = {Role.ACTIVE: active}
        canary = patient.get(Role.CANARY)
        check = partial(self._replicas.check, wanted=still)
        if canary is not None and (canary in self._held.values() or self._accepts(canary, check)):
            chosen[Role.CANARY] = canary
        # Replicas try a model more closely than a check does: what fails then is the one that is new to them.
        suspect = active if canary is None or canary in self._held.values() else canary
        if chosen == self._held or not self._accepts(suspect, lambda _: self._replicas.hold(chosen, still)):
            return self._held
        for model in set(chosen.values()) - set(self._held.values()):
            log.info("model loaded", model=model.model_id)
            self.loaded += 1
        return chosen

    def _accepts(self, model: ModelFolder, load: Callable[[Models], None]) -> bool:
        """Whether it could be loaded; one that could not is left alone for a while."""
        try:
            load({Role.ACTIVE: model})
        except ModelRejected as error:
            self._left_alone.add(model)
            log.warning("model rejected", model=model.model_id, error=str(error))
            self.rejected += 1
            self.refused = model.model_id
            return False
        return True

    def _folder_of(self, model: RegisteredModel) -> ModelFolder:
        """Where it lies, and what was registered, changes with its revision only."""
        known = self._folders.get(model.model_id)
        if known is None or known[0] != model.revision:
            folder, registered = Path(model.folder), json.dumps(model.manifest)
            place = folder if folder.is_absolute() else self._folder / folder
            known = model.revision, ModelFolder(model.model_id, place, registered)
            self._folders[model.model_id] = known
        return known[1]

    def _poll(self) -> None:
        while True:
            with self._outage:
                self._refresh(ending=self._stop.is_set)
            if self._stop.wait(POLL_SECONDS):
                return


def _still_wanted(held: Models, wanted: Models) -> Models:
    """What is held, without a canary that nobody wants any more."""
    return {role: model for role, model in held.items() if role is Role.ACTIVE or model in wanted.values()}
