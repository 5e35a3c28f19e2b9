"""Who calls: one question for every method, whichever way the caller proves it."""

from collections.abc import Mapping
from dataclasses import dataclass

from campaigns.actor import Actor, Role, is_name
from campaigns.callers.api_keys import MARK
from campaigns.callers.refusals import CredentialsInvalid, CredentialsMissing, PermissionDenied
from server.access.admission import Admission
from server.access.credentials import AUTHORIZATION, Credentials
from server.access.keys import Keys
from server.access.tokens import Tokens
from server.access.unproven import named_actor
from server.answering.call import arrival

SCHEME = "bearer"
SEND = "send `authorization: Bearer …` with a key or a token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """What a server believes about who calls it."""

    admission: Admission
    keys: Keys

    def recognised(self, credentials: Credentials) -> Actor | None:
        """As `identify`, where nobody has to be asked; None where the database or the issuer of a token must be."""
        if credentials.authorization is not None:
            sent = _credential(credentials.authorization)
            return self._judge(sent).recent(sent, arrival())
        if self.admission.insecure:
            return named_actor(credentials)
        return certified_actor(credentials, self.admission.certificate_roles)

    def identify(self, credentials: Credentials) -> Actor:
        """The caller of a call: what they send says more than the certificate of the line that it comes by.

        Raises an Unidentified, PermissionDenied for one without a role, InvalidRequest, Unavailable.
        """
        actor = self.recognised(credentials)
        if actor is not None:
            return actor
        sent = _credential(credentials.authorization)
        return self._judge(sent).actor(sent, arrival())

    def _judge(self, sent: str) -> Keys | Tokens:
        """Who knows whom this stands for. Raises CredentialsInvalid."""
        if sent.startswith(MARK):
            return self.keys
        if self.admission.tokens is None:
            raise CredentialsInvalid(f"not a key of this server, which begins with {MARK}; it takes no tokens")
        return self.admission.tokens


def certified_actor(credentials: Credentials, roles: Mapping[str, Role]) -> Actor:
    """Whom the client's certificate names. Raises CredentialsMissing, CredentialsInvalid, PermissionDenied."""
    if not credentials.subjects:
        raise CredentialsMissing(f"who calls? {SEND}")
    name = credentials.subjects[0].decode(errors="replace")
    if len(credentials.subjects) > 1 or not is_name(name):
        raise CredentialsInvalid("the certificate's subject must have one common name, which can be printed")
    role = roles.get(name)
    if role is None:
        raise PermissionDenied(f"the certificate of {name} has no role: name it in TIERWISE_CERTIFICATE_ROLES")
    return Actor(name=name, role=role)


def _credential(sent: str | bytes | None) -> str:
    scheme, _, credential = (sent if isinstance(sent, str) else "").partition(" ")
    if scheme.lower() != SCHEME or not credential:
        raise CredentialsInvalid(f"the metadata {AUTHORIZATION} is of another form: {SEND}")
    return credential
