"""Who calls: one question for every method, whichever way the caller proves it."""

from dataclasses import dataclass

import grpc

from campaigns.actor import Actor
from campaigns.api_keys import MARK
from campaigns.errors import CredentialsInvalid, CredentialsMissing
from server.access.keys import Keys
from server.access.unproven import named_actor
from server.call import arrival

HEADER = "authorization"
SCHEME = "bearer"
SEND = "send `authorization: Bearer …` with a key or a token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """What a server believes about who calls it."""

    keys: Keys
    insecure: bool
    """On loopback, whoever proves nothing is believed."""

    def identify(self, context: grpc.ServicerContext) -> Actor:
        """The caller of a call. Raises an Unidentified, InvalidRequest."""
        sent = next((value for key, value in context.invocation_metadata() if key == HEADER), None)
        if sent is not None:
            return self._bearer(_credential(sent))
        if self.insecure:
            return named_actor(context)
        raise CredentialsMissing(f"who calls? {SEND}")

    def _bearer(self, credential: str) -> Actor:
        if credential.startswith(MARK):
            return self.keys.actor(credential, arrival())
        raise CredentialsInvalid(f"not a key of this server, which begins with {MARK}")


def _credential(sent: str | bytes) -> str:
    scheme, _, credential = (sent if isinstance(sent, str) else "").partition(" ")
    if scheme.lower() != SCHEME or not credential:
        raise CredentialsInvalid(f"the metadata {HEADER} is of another form: {SEND}")
    return credential
