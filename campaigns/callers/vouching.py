"""People for whom an identity provider vouches: whom it may let in, as what, and the account that they get.

The claims come out of a verified ID token (OpenID Connect Core 1.0, section 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns import trail
from campaigns.actor import Actor, Cause, Role
from campaigns.callers import signing_in, staff
from campaigns.callers.refusals import SignInRefused
from campaigns.callers.staff import NAME, ROLES
from database.callers import staff as accounts
from database.session import Transaction

REASON = "by the identity provider"
SIGN_IN = "staff.sign_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the provider's word is good for here."""

    role_claim: str
    """Names the role: as a text, or among others in a list."""
    roles: frozenset[Role]
    """That the provider may give; others are made by `tierwise staff` only."""
    domain: str | None
    """Of the e-mail addresses that are let in; None lets in any that the provider vouches for."""
    session: timedelta
    """For so long; the provider tells nobody that it takes a role back, it says so when it is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Somebody whom the provider knows."""

    identity: str
    """Issuer and subject, which stay when the address changes."""
    name: str
    """The address, in small letters: what the account is called."""
    role: Role


def vouched(claims: Mapping[str, object], terms: Terms) -> Vouched:
    """Who it is and what they may do. Raises SignInRefused."""
    email, verified = claims.get("email"), claims.get("email_verified")
    if not isinstance(email, str) or verified not in (True, "true"):
        raise SignInRefused(
            "the identity provider vouches for no e-mail address: it must send email and email_verified"
        )
    name = email.lower()
    if not NAME.fullmatch(name):
        raise SignInRefused(f"{name!r} cannot be the name of an account")
    if terms.domain is not None and name.rpartition("@")[2] != terms.domain.lower():
        raise SignInRefused(f"{name} is not at {terms.domain}")
    return Vouched(identity=f"{claims['iss']}#{claims['sub']}", name=name, role=_role(name, claims, terms))


def admit(transaction: Transaction, who: Vouched, terms: Terms, now: datetime) -> str:
    """A session token; the account is made or matched at the first time, and has the provider's role from then on.

    Raises SignInRefused for an account that is closed, or is another identity's.
    """
    cause = _cause(who, now)
    name = _account(transaction, who, cause)
    trail.done(transaction, cause, SIGN_IN, f"staff/{name}")
    return signing_in.open_session(transaction, name, now, lasting=terms.session)


def deny(transaction: Transaction, who: Vouched, refusal: SignInRefused, now: datetime) -> None:
    """Who was not admitted is on record."""
    trail.denied(transaction, _cause(who, now), SIGN_IN, f"staff/{who.name}", refusal)


def _cause(who: Vouched, now: datetime) -> Cause:
    return Cause(actor=Actor(name=who.name, role=who.role), now=now, reason=REASON)


def _account(transaction: Transaction, who: Vouched, cause: Cause) -> str:
    name = accounts.of_identity(transaction, who.identity) or who.name
    row = accounts.get(transaction, name)
    if row is None:
        staff.add(transaction, cause, name, who.role, password=None)
    elif not row.active:
        raise SignInRefused(f"the account {name} is closed")
    elif row.role != who.role:
        staff.set_role(transaction, cause, name, who.role)
    if not accounts.vouch_for(transaction, who.identity, name):
        raise SignInRefused(f"the account {name} belongs to another identity: an operator looks into it")
    return name


def _role(name: str, claims: Mapping[str, object], terms: Terms) -> Role:
    given = claims.get(terms.role_claim)
    listed = given if isinstance(given, list) else [given]
    found = {role for role in listed if isinstance(role, str) and role in ROLES}
    if len(found) != 1:
        raise SignInRefused(
            f"the identity provider must name one role of {name} in the claim {terms.role_claim!r}: one of "
            f"{', '.join(sorted(terms.roles))}"
        )
    role = Role(found.pop())
    if role not in terms.roles:
        raise SignInRefused(f"the role {role} is not the identity provider's to give")
    return role
