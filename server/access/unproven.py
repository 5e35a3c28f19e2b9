"""Callers of an insecure server on loopback: they are whom they say they are."""

from campaigns.actor import CALLERS, NAME_LENGTH, Actor, Role, is_name
from server.access.credentials import Credentials
from server.wire.refusals import InvalidRequest

ACTOR_KEY = "tierwise-actor"
ROLE_KEY = "tierwise-role"
NOBODY_NAMED = "local"


def named_actor(credentials: Credentials) -> Actor:
    """From the metadata; an operator where it names no role. Raises InvalidRequest."""
    metadata = dict(credentials.metadata)
    name, role = metadata.get(ACTOR_KEY, NOBODY_NAMED), metadata.get(ROLE_KEY, Role.OPERATOR)
    if not isinstance(name, str) or not is_name(name):
        raise InvalidRequest.of(f"metadata.{ACTOR_KEY}", f"must be 1 to {NAME_LENGTH} printable symbols")
    if role not in CALLERS:
        raise InvalidRequest.of(f"metadata.{ROLE_KEY}", f"must be one of {', '.join(sorted(CALLERS))}")
    return Actor(name=name, role=Role(role))
