"""What a call may end with.

TierwiseError
├── InvalidRequest      a field is malformed; `fields` names it
├── NotFound            there is no such thing
├── AlreadyExists       the name or the event id is taken
├── WrongState          the coupon, campaign or customer does not allow it
├── Changed             another change came between
├── Unidentified        no key or token, or one that is not good
├── NotAllowed          the role does not include it
├── Overloaded          too much is waiting; `retry_after` says when to come back, where there was time to say it
├── DeadlineExceeded    there was no answer in time
├── Unavailable         the server, its database or its model is away
└── Internal            a defect; `log_id` finds the line in the server's log
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2

DETAILS = "grpc-status-details-bin"


class TierwiseError(Exception):
    """A call that was not answered as asked."""

    def __init__(self, message: str, *, code: str, status: status_pb2.Status | None = None) -> None:
        super().__init__(message)
        self._status = status
        self.code = code
        """Of gRPC, such as NOT_FOUND."""
        self.reason = ""
        """A name of ErrorReason, such as CUSTOMER_NOT_FOUND; empty where the server did not speak."""
        self.metadata: Mapping[str, str] = {}
        """Facts of the reason."""
        self.fields: Mapping[str, str] = {}
        """What is wrong with which field."""
        self.retry_after: float | None = None
        """Seconds until it is worth coming back; None where waiting does not help."""
        self.log_id = ""
        """Of the line in the server's log; of a defect."""
        for detail in () if status is None else status.details:
            self._learn(detail.type_url.rpartition(".")[2], detail.value)

    def __reduce__(self) -> tuple[object, ...]:
        """For pools of processes and queues of tasks, which pickle what was raised in them."""
        content = None if self._status is None else self._status.SerializeToString()
        return _unpickled, (type(self), str(self), self.code, content)

    def _learn(self, kind: str, value: bytes) -> None:
        match kind:
            case "ErrorInfo":
                info = error_details_pb2.ErrorInfo.FromString(value)
                self.reason, self.metadata = info.reason, MappingProxyType(dict(info.metadata))
            case "BadRequest":
                found = error_details_pb2.BadRequest.FromString(value).field_violations
                self.fields = MappingProxyType({each.field: each.description for each in found})
            case "RetryInfo":
                self.retry_after = error_details_pb2.RetryInfo.FromString(value).retry_delay.ToNanoseconds() / 1e9
            case "RequestInfo":
                self.log_id = error_details_pb2.RequestInfo.FromString(value).request_id


class InvalidRequest(TierwiseError):
    """A field is malformed."""


class NotFound(TierwiseError):
    """There is no such thing."""


class AlreadyExists(TierwiseError):
    """The name or the event id is taken."""


class WrongState(TierwiseError):
    """The coupon, campaign or customer does not allow it."""


class Changed(TierwiseError):
    """Another change came between."""


class Unidentified(TierwiseError):
    """No key or token, or one that is not good."""


class NotAllowed(TierwiseError):
    """The role does not include it."""


class Overloaded(TierwiseError):
    """Too much is waiting."""


class DeadlineExceeded(TierwiseError):
    """There was no answer in time."""


class Unavailable(TierwiseError):
    """The server, its database or its model is away."""


class Internal(TierwiseError):
    """A defect of the server."""


KINDS: Mapping[str, type[TierwiseError]] = {
    "INVALID_ARGUMENT": InvalidRequest,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": AlreadyExists,
    "FAILED_PRECONDITION": WrongState,
    "ABORTED": Changed,
    "UNAUTHENTICATED": Unidentified,
    "PERMISSION_DENIED": NotAllowed,
    "RESOURCE_EXHAUSTED": Overloaded,
    # What a server says to calls that it has no time to take up.
    "CANCELLED": Overloaded,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "UNAVAILABLE": Unavailable,
    "INTERNAL": Internal,
}


def _unpickled(kind: type[TierwiseError], message: str, code: str, content: bytes | None) -> TierwiseError:
    return kind(message, code=code, status=None if content is None else status_pb2.Status.FromString(content))


def error_of(failed: grpc.RpcError) -> TierwiseError:
    """The same as one of ours."""
    call = cast("grpc.Call", failed)
    code = call.code().name
    trailers = dict(call.trailing_metadata() or ())
    packed = trailers.get(DETAILS)
    status = status_pb2.Status.FromString(packed) if isinstance(packed, bytes) else None
    return KINDS.get(code, TierwiseError)(call.details() or code, code=code, status=status)


def error_in(status: status_pb2.Status) -> TierwiseError:
    """Of one result of a batch."""
    code = code_pb2.Code.Name(status.code)
    return KINDS.get(code, TierwiseError)(status.message, code=code, status=status)
