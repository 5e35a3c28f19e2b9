"""Keys that an issuer of tokens publishes and changes from time to time: a JSON Web Key Set (RFC 7517)."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import HTTPRedirectHandler, build_opener

import jwt
import structlog

from campaigns.callers.refusals import CredentialsInvalid
from server.access.signatures import Verifier
from server.wire.refusals import Unavailable

SET_SECONDS = 300.0
"""A set older than this is fetched again: what its issuer took out of it is worth nothing from then on."""
STALE_SECONDS = 86_400.0
"""While it cannot be fetched, the last one is believed for so long."""
PAUSE_SECONDS = 5.0
"""Between two fetches, however many tokens name a key that is not there."""
FETCH_SECONDS = 2.0
LARGEST_SET = 1 << 20
KINDS = ("RSA", "EC")
"""Of keys that verify what they cannot sign; a set may hold others."""

log = structlog.get_logger("server")


class SignersUnavailable(Unavailable):
    """Nobody can tell whose token is good."""

    reason = "DEPENDENCY_UNAVAILABLE"


class KeySet:
    """Keys by their ids, fetched when they are old or when a token names one that is not there."""

    def __init__(self, fetch: Callable[[], bytes]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._keys: Mapping[str | None, Verifier] = {}
        self._fetched_at = -STALE_SECONDS
        self._tried_at = -PAUSE_SECONDS

    @classmethod
    def at(cls, place: str) -> "KeySet":
        """In a file, or at an https address. Raises ValueError for another kind of address or a file of no use."""
        if place.startswith("https://"):
            return cls(lambda: fetched(place))
        if "://" in place:
            raise ValueError("TIERWISE_JWT_JWKS: must be a file or an https:// address")
        made = cls(Path(place).read_bytes)
        try:
            made.refresh()
        except (OSError, ValueError) as error:
            raise ValueError(f"TIERWISE_JWT_JWKS: {place}: {error}") from error
        return made

    def verifier(self, key_id: str | None, /) -> Verifier:
        """Raises CredentialsInvalid, SignersUnavailable."""
        if key_id not in self._keys or self._age() > SET_SECONDS:
            self._follow(key_id)
        if self._age() > STALE_SECONDS:
            raise SignersUnavailable("the keys that tokens are signed with cannot be fetched; try again")
        found = self._keys.get(key_id)
        if found is None:
            raise CredentialsInvalid("the token is signed with a key that is not known here")
        return found

    def refresh(self) -> None:
        """Fetch now. Raises OSError, ValueError."""
        self._keys = read_set(self._fetch())
        self._fetched_at = time.monotonic()

    def _age(self) -> float:
        return time.monotonic() - self._fetched_at

    def _follow(self, key_id: str | None) -> None:
        """One thread fetches; those whose key is there do not wait for it."""
        if not self._lock.acquire(blocking=key_id not in self._keys):
            return
        try:
            if time.monotonic() - self._tried_at > PAUSE_SECONDS:
                self._tried_at = time.monotonic()
                self.refresh()
        except (OSError, ValueError) as error:
            log.warning("keys of tokens kept", error=str(error))
        finally:
            self._lock.release()


def read_set(document: bytes) -> Mapping[str | None, Verifier]:
    """The keys that verify signatures, by id; a single one also answers for tokens that name none.

    Raises ValueError.
    """
    content = json.loads(document)
    entries = content.get("keys") if isinstance(content, dict) else None
    found: dict[str | None, Verifier] = dict(_readable(entries if isinstance(entries, list) else []))
    if not found:
        raise ValueError("holds no set of keys that could verify a signature")
    if len(found) == 1:
        found[None] = next(iter(found.values()))
    return found


def _readable(entries: list[Any]) -> Iterator[tuple[str | None, Verifier]]:
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("kty") not in KINDS or entry.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK(entry)
        except jwt.PyJWTError as error:
            log.warning("key left out", key_id=entry.get("kid"), error=str(error))
            continue
        yield key.key_id, Verifier(key, (key.algorithm_name,))


class NoRedirect(HTTPRedirectHandler):
    """An address that sends us elsewhere is not the one that was trusted."""

    def redirect_request(self, *_arguments: object) -> None:
        """Follow nothing: the redirect comes back as an HTTPError."""


def fetched(address: str) -> bytes:
    """What an https address answers. Raises OSError."""
    try:
        with build_opener(NoRedirect).open(address, timeout=FETCH_SECONDS) as answer:
            content: bytes = answer.read(LARGEST_SET)
            return content
    except HTTPException as error:
        raise OSError(f"an answer that breaks off, or of another form: {error!r}") from error
