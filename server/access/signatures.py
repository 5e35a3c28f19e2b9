"""Whose signature a token must carry."""

from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVES = ("ES256", "ES384", "ES512")
SHORTEST_SECRET = 32
"""Bytes; RFC 7518, section 3.2."""


class Verifier(NamedTuple):
    """A key, and what may be signed with it: that is never up to the token."""

    key: Any
    algorithms: tuple[str, ...]


class Signatures(Protocol):
    """Where keys come from."""

    def verifier(self, key_id: str | None, /) -> Verifier:
        """For a token that names this key. Raises CredentialsInvalid, Unavailable."""


class OneKey:
    """The same key for every token."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    @classmethod
    def secret(cls, secret: str) -> "OneKey":
        """Shared with the issuer. Raises ValueError for one that could be guessed."""
        if len(secret.encode()) < SHORTEST_SECRET:
            raise ValueError(f"TIERWISE_JWT_SECRET: must have at least {SHORTEST_SECRET} bytes")
        return cls(Verifier(secret, ("HS256",)))

    @classmethod
    def public(cls, path: Path) -> "OneKey":
        """The issuer's, as PEM. Raises ValueError."""
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(f"TIERWISE_JWT_PUBLIC_KEY: {path} holds no public key as PEM") from error
        match key:
            case RSAPublicKey():
                return cls(Verifier(key, RSA))
            case EllipticCurvePublicKey():
                return cls(Verifier(key, CURVES))
            case _:
                raise ValueError(f"TIERWISE_JWT_PUBLIC_KEY: {path} holds a key that is neither RSA nor of a curve")

    def verifier(self, _key_id: str | None, /) -> Verifier:
        """Whatever the token names."""
        return self._verifier
