"""What a worker process works with: made on first use, in the process that uses it, never carried over a fork."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path

from campaigns.actor import WORKER, Cause
from channels.addresses import channels
from channels.message import Channel
from channels.quiet_hours import QuietHours
from database.forecast import uplifts
from database.models.registry import RegisteredModel
from database.session import Database
from scoring.scorer import Scorer
from scoring.uplift.model import UpliftModel
from settings import Settings
from worker.ahead import Ahead
from worker.chunk import Chunk
from worker.learning import Learner

STATEMENT_TIMEOUT_MS = 30 * 60_000
"""Giving millions of customers their tiers is one statement."""
LOADED_MODELS = 2
"""The one that answers, and one that is tried out meanwhile."""


@dataclass(kw_only=True)
class Tools:
    """Connections, model and clock of one process."""

    settings: Settings
    database_url: str
    _taught: dict[str, UpliftModel] = field(default_factory=dict, init=False)

    @cached_property
    def database(self) -> Database:
        """This process's own connections."""
        return Database.at(self.database_url, pool_size=2, statement_timeout_ms=STATEMENT_TIMEOUT_MS)

    @cached_property
    def channels(self) -> Mapping[str, Channel]:
        """The ways out of the house that have an address."""
        return self.check_channels()

    def check_channels(self) -> Mapping[str, Channel]:
        """What they are made of, kept nowhere. Raises ChannelAddressRefused."""
        return channels(
            {name: address.get_secret_value() for name, address in self.settings.channels.items()},
            dict[str, int](self.settings.messages_at_once.items()),
        )

    @property
    def quiet_hours(self) -> Mapping[str, QuietHours]:
        """Of the channels that have some."""
        return {name: QuietHours.read(written) for name, written in self.settings.quiet_hours.items()}

    @property
    def longest_task(self) -> timedelta:
        """After this the broker has killed a task."""
        return timedelta(seconds=self.settings.redeliver_seconds)

    @cached_property
    def ahead(self) -> Ahead[Chunk | None]:
        """For the scores of the chunk to come."""
        return Ahead()

    @cached_property
    def learner(self) -> Learner:
        """For the training that this process looks after."""
        return Learner()

    def scorer(self, model: RegisteredModel) -> Scorer:
        """The network of a registered model, loaded once. Raises ModelRejected when its folder cannot be used."""
        return _load(Path(model.folder), model.model_id, json.dumps(model.manifest), self.settings.device)

    def uplift_model(self, campaign_id: str) -> UpliftModel:
        """What a campaign taught of whom an offer changes, loaded once: it is never written anew."""
        if campaign_id not in self._taught:
            with self.database.reading() as snapshot:
                learned = uplifts.of_campaign(snapshot, campaign_id)
            assert learned is not None, "lessons stay"
            assert learned.model is not None, "work is pinned to campaigns that taught something"
            self._taught[campaign_id] = UpliftModel.from_json(learned.model)
        return self._taught[campaign_id]

    def now(self) -> datetime:
        """The clock."""
        return datetime.now(UTC)

    def cause(self) -> Cause:
        """Of what the worker finishes at this moment."""
        return Cause(actor=WORKER, now=self.now())


@lru_cache(maxsize=LOADED_MODELS)
def _load(folder: Path, model_id: str, registered: str, device: str) -> Scorer:
    return Scorer.load(folder, device, model_id=model_id, registered=json.loads(registered))
