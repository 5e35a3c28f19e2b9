"""The identity provider of this installation, by the settings."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from admin.web.provider import Provider, ProviderUnavailable, check_address
from campaigns.actor import Role
from campaigns.callers.staff import ROLES
from campaigns.callers.vouching import Terms
from settings import Settings


class IdentitiesRefused(ValueError):
    """The settings of the identity provider make no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Who vouches for people, and what that is good for."""

    provider: Provider
    terms: Terms

    @classmethod
    def of(cls, given: Settings) -> Self | None:
        """None where nobody vouches. Raises IdentitiesRefused."""
        if given.oidc_issuer is None:
            if not given.admin_passwords:
                raise IdentitiesRefused("TIERWISE_ADMIN_PASSWORDS=false lets nobody in: set TIERWISE_OIDC_ISSUER")
            return None
        if given.oidc_client_id is None or given.oidc_client_secret is None:
            raise IdentitiesRefused(
                "TIERWISE_OIDC_ISSUER needs TIERWISE_OIDC_CLIENT_ID and TIERWISE_OIDC_CLIENT_SECRET"
            )
        unknown = sorted(set(given.oidc_roles) - ROLES)
        if unknown:
            raise IdentitiesRefused(f"TIERWISE_OIDC_ROLES: {', '.join(unknown)}: there are {', '.join(sorted(ROLES))}")
        try:
            check_address(given.oidc_issuer)
        except ProviderUnavailable as error:
            raise IdentitiesRefused(f"TIERWISE_OIDC_ISSUER: {error.message}") from error
        return cls(
            provider=Provider(given.oidc_issuer, given.oidc_client_id, given.oidc_client_secret.get_secret_value()),
            terms=Terms(
                role_claim=given.oidc_role_claim, roles=frozenset(map(Role, given.oidc_roles)),
                domain=given.oidc_domain, session=timedelta(minutes=given.oidc_session_minutes),
            ),
        )  # fmt: skip
