"""What a caller sends to prove who they are."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import grpc

AUTHORIZATION = "authorization"
SUBJECT = "x509_common_name"
Metadata = Sequence[tuple[str, str | bytes]]


class Credentials(NamedTuple):
    """Read when the call comes in: gRPC must not be asked about a call whose caller has gone."""

    metadata: Metadata
    subjects: Sequence[bytes]
    """Common names of the client's certificate, where nothing in the metadata says more."""

    @classmethod
    def of(cls, context: "grpc.aio.ServicerContext[object, object]") -> Self:
        """What came with this call."""
        metadata: Metadata = context.invocation_metadata() or ()  # type: ignore[assignment] # pairs, not a mapping
        if any(key == AUTHORIZATION for key, _ in metadata):
            return cls(metadata, ())
        return cls(metadata, context.auth_context().get(SUBJECT, ()))  # type: ignore[arg-type] # a list of bytes

    @property
    def authorization(self) -> str | bytes | None:
        """What the caller says of themselves."""
        return next((value for key, value in self.metadata if key == AUTHORIZATION), None)
