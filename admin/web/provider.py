"""An identity provider by OpenID Connect: the authorization code flow with PKCE, state and nonce (RFC 6749, 7636)."""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import httpx
import structlog
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from campaigns.callers.refusals import SignInRefused

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Of keys that verify what they cannot sign."""
KNOWN_SECONDS = 3600.0
"""What the provider says of itself is asked for again after this long, and when it signs with another key."""
PAUSE_SECONDS = 5.0
"""Between two questions about keys, however many tokens name one that is not there."""
PATIENCE_SECONDS = 5.0
LEEWAY_SECONDS = 10
"""Clocks differ."""
BEGUN_SECONDS = 600
log = structlog.get_logger("admin")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ProviderUnavailable(SignInRefused):
    """The provider does not answer, or not as it should: nobody's fault who signs in."""


class Begun(NamedTuple):
    """A sign-in that is under way at the provider."""

    address: str
    """Where the browser goes."""
    keepsake: str
    """What the browser brings back with the answer: signed, so that nobody can make one up."""


class Proven(NamedTuple):
    """A sign-in that came to its end."""

    claims: Mapping[str, Any]
    target: str
    """The page that was wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the provider says of itself."""

    metadata: Mapping[str, Any]
    keys: KeySet
    at: float


class Provider:
    """One issuer, and who we are to it."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer.rstrip("/")
        self._stated = issuer
        self._client_id = client_id
        self._secret = client_secret
        self._seal = OctKey.import_key(hashlib.sha256(f"tierwise sign-in {client_secret}".encode()).digest())
        self._guard = threading.Lock()
        self._cached: _Known | None = None

    @property
    def name(self) -> str:
        """For people."""
        return urlsplit(self.issuer).hostname or self.issuer

    @property
    def end_address(self) -> str | None:
        """Where somebody signs out of the provider too, as far as it was asked yet."""
        known = self._cached
        ending = None if known is None else known.metadata.get("end_session_endpoint")
        return None if not ending else f"{ending}?{urlencode({'client_id': self._client_id})}"

    def begin(self, redirect_uri: str, target: str) -> Begun:
        """Send somebody there. Raises ProviderUnavailable."""
        known = self._known()
        kept = {"state": generate_token(32), "nonce": generate_token(32), "verifier": generate_token(48)}
        asked = {
            "response_type": "code", "client_id": self._client_id, "redirect_uri": redirect_uri,
            "scope": "openid email profile", "state": kept["state"], "nonce": kept["nonce"],
            "code_challenge": create_s256_code_challenge(kept["verifier"]), "code_challenge_method": "S256",
        }  # fmt: skip
        keepsake = {**kept, "target": target, "exp": int(time.time()) + BEGUN_SECONDS}
        joined = "&" if "?" in known.metadata["authorization_endpoint"] else "?"
        return Begun(
            f"{known.metadata['authorization_endpoint']}{joined}{urlencode(asked)}",
            jwt.encode({"alg": "HS256"}, keepsake, self._seal),
        )

    def finish(self, answer: Mapping[str, str], keepsake: str, redirect_uri: str) -> Proven:
        """What the provider says of who comes back from it. Raises SignInRefused, ProviderUnavailable."""
        kept = self._unsealed(keepsake)
        if not answer.get("state") or answer["state"] != kept["state"]:
            raise SignInRefused("this answer belongs to no sign-in of this browser: begin again")
        if answer.get("iss", self._stated) != self._stated:
            raise SignInRefused("the answer comes from another identity provider")
        if "error" in answer or "code" not in answer:
            raise SignInRefused(f"the identity provider refused: {answer.get('error', 'it sent no code')[:100]}")
        tokens = self._exchanged(answer["code"], kept["verifier"], redirect_uri)
        return Proven(self._verified(tokens, kept["nonce"]), kept["target"])

    def _unsealed(self, keepsake: str) -> dict[str, Any]:
        try:
            kept = jwt.decode(keepsake, self._seal, algorithms=["HS256"]).claims
        except (JoseError, ValueError) as error:
            raise SignInRefused("this browser began no sign-in: begin again, and allow cookies") from error
        if kept["exp"] < time.time():
            raise SignInRefused("it took too long: begin again")
        return kept

    def _exchanged(self, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        known = self._known()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier,
        }  # fmt: skip
        ways = known.metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = (quote(self._client_id, safe=""), quote(self._secret, safe=""))
        if "client_secret_basic" not in ways:
            form |= {"client_id": self._client_id, "client_secret": self._secret}
        found = _asked(
            "POST", known.metadata["token_endpoint"], data=form, auth=basic if "client_secret_basic" in ways else None
        )
        if not isinstance(found.get("id_token"), str):
            raise SignInRefused(f"the identity provider sent no ID token: {found.get('error', 'ask for scope openid')}")
        return found

    def _verified(self, tokens: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token that is the provider's, ours, of this sign-in and of now."""
        try:
            try:
                token = jwt.decode(tokens["id_token"], self._known().keys, algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):
                token = jwt.decode(tokens["id_token"], self._known(anew=True).keys, algorithms=list(ALGORITHMS))
            ours = {"iss": self._stated, "aud": self._client_id}
            claims = CodeIDToken(
                token.claims, token.header,
                {claim: {"essential": True, "value": value} for claim, value in ours.items()},
                {"nonce": nonce, "client_id": self._client_id, "access_token": tokens.get("access_token")},
            )  # fmt: skip
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError) as error:
            raise SignInRefused(f"the ID token is not to be believed: {error}") from error
        return dict(claims)

    def _known(self, *, anew: bool = False) -> _Known:
        """What the provider says of itself, asked for again when it is old."""
        with self._guard:
            known, now = self._cached, time.monotonic()
            if known is None or now - known.at > (PAUSE_SECONDS if anew else KNOWN_SECONDS):
                metadata = _asked("GET", f"{self.issuer}/.well-known/openid-configuration")
                if metadata.get("issuer") != self._stated:
                    raise ProviderUnavailable(f"{self._stated} says that it is {metadata.get('issuer')!r}")
                missing = {"authorization_endpoint", "token_endpoint", "jwks_uri"} - metadata.keys()
                if missing:
                    raise ProviderUnavailable(f"{self._stated} does not say its {', '.join(sorted(missing))}")
                known = _Known(metadata=metadata, keys=_keys(_asked("GET", metadata["jwks_uri"])), at=now)
                self._cached = known
            return known


def _keys(document: dict[str, Any]) -> KeySet:
    try:
        return KeySet.import_key_set({"keys": document.get("keys", [])})
    except (JoseError, ValueError, TypeError) as error:
        raise ProviderUnavailable("the identity provider's keys cannot be read") from error


def _asked(method: str, address: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401  # httpx takes many
    """A JSON document. Redirects are not followed: an address that sends us elsewhere is not the one trusted."""
    check_address(address)
    try:
        answer = httpx.request(method, address, timeout=PATIENCE_SECONDS, **options)
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        log.warning("identity provider", address=address, trouble=str(error))
        raise ProviderUnavailable("the identity provider does not answer: try again, or tell an operator") from error
    if not isinstance(found, dict) or (answer.is_error and "error" not in found):
        log.warning("identity provider", address=address, trouble=answer.status_code)
        raise ProviderUnavailable("the identity provider does not answer as it should: tell an operator")
    return found


def check_address(address: str) -> None:
    """Raises ProviderUnavailable for one that others could listen to."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    raise ProviderUnavailable(f"{address}: an identity provider is asked by https only")
