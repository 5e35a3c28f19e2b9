"""Who is let in, as the settings say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from campaigns.actor import CALLERS, Role
from server.access.key_sets import KeySet
from server.access.signatures import OneKey, Signatures
from server.access.tls import Tls
from server.access.tokens import Tokens
from settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """How callers reach a server, and what they may prove themselves with beside API keys."""

    insecure: bool = False
    """In the clear, and whoever proves nothing is believed; on loopback only."""
    tls: Tls | None = None
    certificate_roles: Mapping[str, Role] = field(default_factory=dict)
    """Roles of those who prove themselves with a certificate, by its subject's common name."""
    tokens: Tokens | None = None

    @classmethod
    def of(cls, given: Settings) -> Self:
        """Raises ValueError for settings that contradict one another or that nothing can be done with."""
        if given.insecure and given.tls_certificate is not None:
            raise ValueError("TIERWISE_INSECURE and TIERWISE_TLS_CERTIFICATE contradict one another: unset one")
        return cls(
            insecure=given.insecure, tls=_tls(given), certificate_roles=_certificate_roles(given), tokens=_tokens(given)
        )


def _tls(given: Settings) -> Tls | None:
    if given.tls_certificate is None and given.tls_key is None and given.tls_client_ca is None:
        return None
    if given.tls_certificate is None or given.tls_key is None:
        raise ValueError("TIERWISE_TLS_CERTIFICATE and TIERWISE_TLS_KEY: both are needed for TLS")
    return Tls(certificate=given.tls_certificate, key=given.tls_key, client_ca=given.tls_client_ca)


def _certificate_roles(given: Settings) -> Mapping[str, Role]:
    if given.certificate_roles and given.tls_client_ca is None:
        raise ValueError(
            "TIERWISE_CERTIFICATE_ROLES: needs TIERWISE_TLS_CLIENT_CA, which says whose certificates count"
        )
    for name, role in given.certificate_roles.items():
        if role not in CALLERS:
            raise ValueError(f"TIERWISE_CERTIFICATE_ROLES: {name}: must be one of {', '.join(sorted(CALLERS))}")
    return {name: Role(role) for name, role in given.certificate_roles.items()}


def _tokens(given: Settings) -> Tokens | None:
    signatures = _signatures(given)
    if signatures is None:
        return None
    if given.jwt_audience is None or given.jwt_issuer is None:
        raise ValueError(
            "TIERWISE_JWT_AUDIENCE and TIERWISE_JWT_ISSUER: both are needed, or a token meant for another service "
            "would be good here"
        )
    return Tokens(
        signatures=signatures, audience=given.jwt_audience, issuer=given.jwt_issuer, role_claim=given.jwt_role_claim
    )


def _signatures(given: Settings) -> Signatures | None:
    if sum(one is not None for one in (given.jwt_secret, given.jwt_public_key, given.jwt_jwks)) > 1:
        raise ValueError("TIERWISE_JWT_SECRET, TIERWISE_JWT_PUBLIC_KEY, TIERWISE_JWT_JWKS: set one of them")
    if given.jwt_secret is not None:
        return OneKey.secret(given.jwt_secret.get_secret_value())
    if given.jwt_public_key is not None:
        return OneKey.public(given.jwt_public_key)
    return None if given.jwt_jwks is None else KeySet.at(given.jwt_jwks)
