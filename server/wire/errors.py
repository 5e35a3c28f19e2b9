"""The one table from what went wrong to what the caller is told: google.rpc.Status with details.

A refusal keeps its own words, reason and facts. Trouble with the database is told without the driver's words.
Anything else is a defect: INTERNAL, with the id of the log line and nothing more.
"""

from collections.abc import Iterable, Iterator, Mapping

from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from campaigns.callers.refusals import PermissionDenied
from campaigns.errors import (
    AlreadyExists,
    Changed,
    CouponRefused,
    Invalid,
    NotFound,
    Refusal,
    TooMany,
    Unidentified,
    WrongState,
)
from database.events.store import EventIdReused
from database.failures import Failure, failure_of
from database.work.requests import RequestIdReused
from scoring.pool.refusals import Closed, Expired, Overloaded
from scoring.score import UnknownItem
from server.wire.brevity import RESOURCES, brief, brief_list, brief_violations
from server.wire.refusals import CallerGone, FieldViolation, InvalidRequest, StreamStalled, Unavailable

DOMAIN = "tierwise"
RETRY_SECONDS = 1.0

CODES: Mapping[type[Exception], int] = {
    Unidentified: code_pb2.UNAUTHENTICATED,
    TooMany: code_pb2.RESOURCE_EXHAUSTED,
    PermissionDenied: code_pb2.PERMISSION_DENIED,
    NotFound: code_pb2.NOT_FOUND,
    AlreadyExists: code_pb2.ALREADY_EXISTS,
    Invalid: code_pb2.INVALID_ARGUMENT,
    Changed: code_pb2.ABORTED,
    WrongState: code_pb2.FAILED_PRECONDITION,
    CouponRefused: code_pb2.FAILED_PRECONDITION,
    Unavailable: code_pb2.UNAVAILABLE,
    CallerGone: code_pb2.CANCELLED,
    StreamStalled: code_pb2.ABORTED,
    EventIdReused: code_pb2.ALREADY_EXISTS,
    RequestIdReused: code_pb2.INVALID_ARGUMENT,
    UnknownItem: code_pb2.NOT_FOUND,
    Overloaded: code_pb2.RESOURCE_EXHAUSTED,
    Expired: code_pb2.DEADLINE_EXCEEDED,
    Closed: code_pb2.UNAVAILABLE,
}
REASONS: Mapping[type[Exception], str] = {
    EventIdReused: "EVENT_ID_REUSED",
    RequestIdReused: "REQUEST_ID_REUSED",
    UnknownItem: "ITEM_NOT_FOUND",
    Overloaded: "OVERLOADED",
    Expired: "DEADLINE_EXCEEDED",
    Closed: "DEPENDENCY_UNAVAILABLE",
}
"""Of exceptions from below that know nothing of the wire; a Refusal carries its own."""
FAILURES: Mapping[Failure, tuple[int, str, str]] = {
    Failure.AWAY: (
        code_pb2.UNAVAILABLE,
        "DEPENDENCY_UNAVAILABLE",
        "the database is not reachable, or takes no writes; try again",
    ),
    Failure.BUSY: (code_pb2.RESOURCE_EXHAUSTED, "OVERLOADED", "the database is busy; try again"),
    Failure.TIMEOUT: (code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the database did not answer in time"),
    Failure.CONFLICT: (code_pb2.ABORTED, "CONFLICT", "another change came between; repeat the call"),
}
RETRYABLE = (code_pb2.UNAVAILABLE, code_pb2.RESOURCE_EXHAUSTED)


def status_of(error: Exception, log_id: str) -> status_pb2.Status:
    """What the caller is told."""
    code = code_of(error)
    if code is not None:
        reason = error.reason if isinstance(error, Refusal) else REASONS[type(error)]
        return told(code, reason, str(error), _facts(error), _details(error, code))
    failure = failure_of(error)
    if failure is not None:
        code, reason, message = FAILURES[failure]
        return told(code, reason, message, {}, _retry(code, RETRY_SECONDS))
    details = iter([error_details_pb2.RequestInfo(request_id=log_id)])
    message = f"internal error; its log line has the id {log_id}"
    return told(code_pb2.INTERNAL, "INTERNAL", message, {"log_id": log_id}, details)


def code_of(error: Exception) -> int | None:
    """The code of a refusal; None for what is not one."""
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), None)


def reason_of(status: status_pb2.Status) -> str:
    """The reason in a status, for the log."""
    info = error_details_pb2.ErrorInfo()
    return info.reason if any(detail.Unpack(info) for detail in status.details) else ""


def told(
    code: int, reason: str, message: str, facts: Mapping[str, str], details: Iterable[Message] = ()
) -> status_pb2.Status:
    """A status with its ErrorInfo, brief enough for a trailer."""
    status = status_pb2.Status(code=code, message=brief(message))
    known = {name: brief_list(fact) for name, fact in facts.items()}
    for detail in (error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=known), *details):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _facts(error: Exception) -> Mapping[str, str]:
    match error:
        case Refusal(metadata=facts):
            return facts
        case EventIdReused(event_ids=ids):
            return {"event_ids": ",".join(ids)}
        case RequestIdReused(request_id=request_id):
            return {"request_id": request_id}
        case UnknownItem(item_id=item_id):
            return {"item_id": item_id}
        case Overloaded(retry_after=seconds):
            return {"retry_after_seconds": f"{seconds:.3f}"}
        case _:
            return {}


def _details(error: Exception, code: int) -> Iterator[Message]:
    """What each code is told with, beside the reason."""
    match error:
        case InvalidRequest(violations=violations):
            yield _bad_request(violations)
        case Invalid(metadata={"field": field}, message=message):
            yield _bad_request([FieldViolation(field, message.removeprefix(f"{field}: "))])
        case RequestIdReused():
            yield _bad_request([FieldViolation("request_id", str(error))])
        case NotFound() | AlreadyExists():
            yield from (
                error_details_pb2.ResourceInfo(
                    resource_type=f"{DOMAIN}/{kind.title().replace('_', '')}", resource_name=brief(name)
                )
                for kind, name in error.metadata.items()
            )
        case UnknownItem(item_id=item_id):
            yield error_details_pb2.ResourceInfo(resource_type=f"{DOMAIN}/Item", resource_name=brief(item_id))
        case EventIdReused(event_ids=ids):
            yield from (
                error_details_pb2.ResourceInfo(resource_type=f"{DOMAIN}/Event", resource_name=name)
                for name in ids[:RESOURCES]
            )
        case WrongState() | CouponRefused():
            yield _unmet(error)
        case Overloaded(retry_after=seconds) | TooMany(retry_after=seconds):
            yield from _retry(code, seconds)
        case _:
            yield from _retry(code, RETRY_SECONDS)


def _bad_request(violations: "tuple[FieldViolation, ...] | list[FieldViolation]") -> error_details_pb2.BadRequest:
    return error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field=violation.field, description=violation.description)
            for violation in brief_violations(violations)
        ]
    )


def _unmet(error: Refusal) -> error_details_pb2.PreconditionFailure:
    subject = next((value for value in error.metadata.values() if "/" in value), DOMAIN)
    violation = error_details_pb2.PreconditionFailure.Violation(
        type=error.reason, subject=brief(subject), description=brief(error.message)
    )
    return error_details_pb2.PreconditionFailure(violations=[violation])


def _retry(code: int, seconds: float) -> Iterator[Message]:
    if code in RETRYABLE:
        info = error_details_pb2.RetryInfo()
        info.retry_delay.FromNanoseconds(round(seconds * 1e9))
        yield info
