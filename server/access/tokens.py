"""Callers who send a token of an identity provider: a signed JWT (RFC 7519)."""

import hashlib
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import jwt

from campaigns.actor import CALLERS, NAME_LENGTH, Actor, Role, is_name
from campaigns.callers.refusals import CredentialsExpired, CredentialsInvalid, PermissionDenied
from server.access.recent import Recent
from server.access.signatures import Signatures

LEEWAY_SECONDS = 10
"""Clocks differ."""
BELIEVED_SECONDS = 30.0
"""A token that was verified is not verified again for so long: a signature costs a hundred times what a hash does."""
REQUIRED = ("exp", "sub", "aud", "iss")
WORDS = (
    (jwt.InvalidSignatureError, "it is signed with another key"),
    (jwt.InvalidAudienceError, "it is meant for another audience"),
    (jwt.InvalidIssuerError, "it comes from another issuer"),
    (jwt.ImmatureSignatureError, "it is not valid yet"),
    (jwt.MissingRequiredClaimError, f"it needs the claims {', '.join(REQUIRED)}"),
    (jwt.InvalidAlgorithmError, "it is signed in a way that is not accepted here"),
)
"""Ours, for what the library finds."""


class Verified(NamedTuple):
    """Whom a token stands for, and until when: seconds since 1970."""

    actor: Actor
    expires: float

    def at(self, now: datetime) -> Actor:
        """As long as it is good. Raises CredentialsExpired."""
        if self.expires + LEEWAY_SECONDS <= now.timestamp():
            raise _expired()
        return self.actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Which tokens are accepted."""

    signatures: Signatures
    audience: str
    issuer: str
    role_claim: str
    """A claim with one of our roles: as a text, or as the only one in a list."""
    _verified: Recent[Verified] = field(default_factory=lambda: Recent(BELIEVED_SECONDS))

    def recent(self, token: str, now: datetime) -> Actor | None:
        """Whom the token stands for, if it was verified a moment ago. Raises CredentialsExpired."""
        found = self._verified.get(_digest(token))
        return None if found is None else found.at(now)

    def actor(self, token: str, now: datetime) -> Actor:
        """Whom the token stands for. Raises CredentialsInvalid, CredentialsExpired, PermissionDenied, Unavailable."""
        at = time.monotonic()
        claims = self._claims(token)
        found = Verified(self._named(claims), float(claims["exp"]))
        self._verified.keep(_digest(token), found, at=at)
        return found.at(now)

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key, algorithms = self.signatures.verifier(key_id)
            return jwt.decode(
                token, key, algorithms=algorithms, audience=self.audience, issuer=self.issuer,
                leeway=LEEWAY_SECONDS, options={"require": list(REQUIRED)},
            )  # fmt: skip
        except jwt.ExpiredSignatureError as error:
            raise _expired() from error
        except jwt.PyJWTError as error:
            said = next((words for kind, words in WORDS if isinstance(error, kind)), "it is neither a token nor a key")
            raise CredentialsInvalid(f"the credential is refused: {said}") from error

    def _named(self, claims: dict[str, Any]) -> Actor:
        name, given = claims["sub"], claims.get(self.role_claim)
        if not is_name(name):
            raise CredentialsInvalid(f"the credential is refused: its sub must be 1 to {NAME_LENGTH} printable symbols")
        listed = given if isinstance(given, list) else [given]
        roles = {role for role in listed if isinstance(role, str) and role in CALLERS}
        if len(roles) != 1:
            raise PermissionDenied(
                f"the token of {name} must name one role in the claim {self.role_claim!r}: one of "
                f"{', '.join(sorted(CALLERS))}",
                claim=self.role_claim,
            )
        return Actor(name=name, role=Role(roles.pop()))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _expired() -> CredentialsExpired:
    return CredentialsExpired("the token expired: get a new one")
