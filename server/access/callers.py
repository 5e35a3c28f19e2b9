"""Who calls: one question for every method, whichever way the caller proves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc

from campaigns.actor import Actor, Role, is_name
from campaigns.callers.api_keys import MARK
from campaigns.errors import CredentialsInvalid, CredentialsMissing, PermissionDenied
from server.access.admission import Admission
from server.access.keys import Keys
from server.access.unproven import named_actor
from server.call import arrival

HEADER = "authorization"
SCHEME = "bearer"
SEND = "send `authorization: Bearer …` with a key or a token"
SUBJECT = "x509_common_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """What a server believes about who calls it."""

    admission: Admission
    keys: Keys

    def identify(self, context: grpc.ServicerContext) -> Actor:
        """The caller of a call: what they send says more than the certificate of the line that it comes by.

        Raises an Unidentified, PermissionDenied for one without a role, InvalidRequest, Unavailable.
        """
        sent = next((value for key, value in context.invocation_metadata() if key == HEADER), None)
        if sent is not None:
            return self._bearer(_credential(sent))
        if self.admission.insecure:
            return named_actor(context)
        return certified_actor(context, self.admission.certificate_roles)

    def _bearer(self, credential: str) -> Actor:
        if credential.startswith(MARK):
            return self.keys.actor(credential, arrival())
        if self.admission.tokens is None:
            raise CredentialsInvalid(f"not a key of this server, which begins with {MARK}; it takes no tokens")
        return self.admission.tokens.actor(credential, arrival())


def certified_actor(context: grpc.ServicerContext, roles: Mapping[str, Role]) -> Actor:
    """Whom the client's certificate names. Raises CredentialsMissing, CredentialsInvalid, PermissionDenied."""
    subjects: Sequence[bytes] = context.auth_context().get(SUBJECT, ())  # type: ignore[assignment] # the stub is wrong
    if not subjects:
        raise CredentialsMissing(f"who calls? {SEND}")
    name = subjects[0].decode(errors="replace")
    if len(subjects) > 1 or not is_name(name):
        raise CredentialsInvalid("the certificate's subject must have one common name, which can be printed")
    role = roles.get(name)
    if role is None:
        raise PermissionDenied(f"the certificate of {name} has no role: name it in TIERWISE_CERTIFICATE_ROLES")
    return Actor(name=name, role=role)


def _credential(sent: str | bytes) -> str:
    scheme, _, credential = (sent if isinstance(sent, str) else "").partition(" ")
    if scheme.lower() != SCHEME or not credential:
        raise CredentialsInvalid(f"the metadata {HEADER} is of another form: {SEND}")
    return credential
