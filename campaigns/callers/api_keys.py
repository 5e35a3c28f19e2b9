"""Use cases on API keys: what a program sends to say who it is.

A key is `tw_<id>_<secret>`. The secret has 256 random bits, so a plain SHA-256 of the key keeps it: no list of likely
secrets is short enough to be tried, and what slows down guessing passwords would only slow down every call.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from campaigns import trail
from campaigns.actor import CALLERS, NAME_LENGTH, Actor, Cause, Role, is_name
from campaigns.callers.refusals import CredentialsExpired, CredentialsInvalid, InvalidKey, KeyNotFound
from database.callers import api_keys
from database.callers.tables import ApiKeyRow
from database.session import Snapshot, Transaction

MARK = "tw_"
"""What every key begins with, so that scanners for lost secrets can know it."""
ID_BYTES = 5
SECRET_BYTES = 32
USE_KEPT_EVERY = timedelta(minutes=1)
"""Last use is no finer than this, so that a busy key does not write at every call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it stands, without its secret."""

    key_id: str
    name: str
    role: Role
    secret_hash: bytes
    create_time: datetime
    expire_time: datetime | None
    revoke_time: datetime | None
    last_use_time: datetime | None

    @classmethod
    def of(cls, row: ApiKeyRow) -> Self:
        """From the database."""
        return cls(
            key_id=row.key_id, name=row.name, role=Role(row.role), secret_hash=row.secret_hash,
            create_time=row.create_time, expire_time=row.expire_time, revoke_time=row.revoke_time,
            last_use_time=row.last_use_time,
        )  # fmt: skip

    @property
    def resource(self) -> str:
        """The resource name."""
        return f"keys/{self.key_id}"

    @property
    def actor(self) -> Actor:
        """Whom the key stands for."""
        return Actor(name=self.name, role=self.role)


def create(
    transaction: Transaction, cause: Cause, *, name: str, role: str, expire_time: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key, and what its holder sends: this is the only time that it can be read. Raises InvalidKey."""
    if not is_name(name):
        raise InvalidKey(f"name: must be 1 to {NAME_LENGTH} printable symbols", field="name")
    if role not in CALLERS:
        raise InvalidKey(f"role: must be one of {', '.join(sorted(CALLERS))}", field="role")
    if expire_time is not None and expire_time <= cause.now:
        raise InvalidKey("expire_time: must be in the future", field="expire_time")
    key_id = secrets.token_hex(ID_BYTES)
    text = f"{MARK}{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    api_keys.add(
        transaction,
        {
            "key_id": key_id, "name": name, "role": role, "secret_hash": hashed(text), "create_time": cause.now,
            "expire_time": expire_time,
        },
    )  # fmt: skip
    key = get(transaction, key_id)
    expires = None if expire_time is None else expire_time.isoformat()
    trail.done(
        transaction, cause, "keys.create", key.resource, after={"name": name, "role": role, "expire_time": expires}
    )
    return key, text


def get(snapshot: Snapshot, key_id: str) -> ApiKey:
    """One key. Raises KeyNotFound."""
    return ApiKey.of(KeyNotFound.unless(api_keys.get(snapshot, key_id), f"keys/{key_id}"))


def all_keys(snapshot: Snapshot) -> list[ApiKey]:
    """Newest first."""
    return [ApiKey.of(row) for row in api_keys.all_keys(snapshot)]


def revoke(transaction: Transaction, cause: Cause, key_id: str) -> ApiKey:
    """Let a key be worth nothing from now on; again is no error and changes nothing. Raises KeyNotFound."""
    key = get(transaction, key_id)
    if api_keys.revoke(transaction, key_id, cause.now):
        trail.done(transaction, cause, "keys.revoke", key.resource, before={"name": key.name, "role": key.role})
    return get(transaction, key_id)


def known(snapshot: Snapshot, text: str) -> ApiKey:
    """The key that somebody sent. Raises CredentialsInvalid for one that was never given out."""
    key_id = text.removeprefix(MARK).partition("_")[0]
    row = api_keys.get(snapshot, key_id)
    if row is None or not hmac.compare_digest(row.secret_hash, hashed(text)):
        raise CredentialsInvalid("there is no such key")
    return ApiKey.of(row)


def check_open(key: ApiKey, now: datetime) -> None:
    """Raises CredentialsInvalid for a revoked key, CredentialsExpired for one whose time is over."""
    if key.revoke_time is not None:
        raise CredentialsInvalid("this key was revoked", key=key.resource)
    if key.expire_time is not None and key.expire_time <= now:
        raise CredentialsExpired(
            f"this key expired at {key.expire_time.isoformat(timespec='seconds')}: get a new one", key=key.resource
        )


def use_is_due(key: ApiKey, now: datetime) -> bool:
    """Whether the use at hand should be noted."""
    return key.last_use_time is None or now - key.last_use_time > USE_KEPT_EVERY


def note_use(transaction: Transaction, key: ApiKey, now: datetime) -> None:
    """Write down that the key is in use."""
    api_keys.touch(transaction, key.key_id, now, unless_since=now - USE_KEPT_EVERY)


def hashed(text: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(text.encode()).digest()
