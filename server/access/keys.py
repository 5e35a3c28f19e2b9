"""Callers who send an API key."""

import time
from datetime import datetime

import structlog

from campaigns.actor import Actor
from campaigns.callers import api_keys
from campaigns.callers.api_keys import ApiKey
from database import patience
from database.failures import failure_of
from database.session import Database
from server.access.recent import Recent

FRESH_SECONDS = 0.5
"""A key that was found is believed this long, so a revoked one is worth nothing anywhere after it."""
LOOK_UP_SECONDS = 2.0

log = structlog.get_logger("server")


class Keys:
    """The keys of the database; each that is in use is read again and again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found = Recent[ApiKey](FRESH_SECONDS)

    def recent(self, text: str, now: datetime) -> Actor | None:
        """Whom the key stands for, if it was found a moment ago. Raises CredentialsInvalid, CredentialsExpired."""
        key = self._found.get(api_keys.hashed(text))
        if key is None:
            return None
        api_keys.check_open(key, now)
        return key.actor

    def actor(self, text: str, now: datetime) -> Actor:
        """Whom the key stands for. Raises CredentialsInvalid, CredentialsExpired."""
        at = time.monotonic()
        key = self._read(text, now)
        self._found.keep(api_keys.hashed(text), key, at=at)
        return key.actor

    def _read(self, text: str, now: datetime) -> ApiKey:
        with self._database.reading() as snapshot:
            patience.limit(snapshot, LOOK_UP_SECONDS)
            key = api_keys.known(snapshot, text)
        api_keys.check_open(key, now)
        if api_keys.use_is_due(key, now):
            self._note_use(key, now)
        return key

    def _note_use(self, key: ApiKey, now: datetime) -> None:
        """A call does not fail because its key's last use could not be noted."""
        try:
            with self._database.writing() as transaction:
                patience.limit(transaction, LOOK_UP_SECONDS)
                api_keys.note_use(transaction, key, now)
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            log.warning("use of a key not noted", key=key.resource, failure=failure.name)
