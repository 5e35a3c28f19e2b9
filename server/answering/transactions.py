"""The transactions of a call: no statement outlives its deadline, and what is asked twice happens once."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from operator import attrgetter
from typing import Protocol, TypeVar, cast

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from campaigns import trail
from campaigns.actor import Cause
from campaigns.callers import access
from campaigns.errors import Refusal
from database import patience
from database.failures import Failure, failure_of
from database.session import Database, Snapshot, Transaction, driver_connection
from database.work import requests
from scoring.pool.refusals import Expired
from server.answering import call
from server.answering.deadlines import SHORTEST_SECONDS

Service = TypeVar("Service", bound="Servicer")
Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

NAME = attrgetter("name")
ATTEMPTS = 3
"""For a transaction that loses against a concurrent one."""
NOTE_SECONDS = 1.0
"""At least so long may a line of the audit log take: a short deadline does not keep what was tried off the record."""


@contextmanager
def reading(database: Database) -> Iterator[Snapshot]:
    """One snapshot for the call of this thread."""
    with database.reading() as snapshot:
        _hurry(snapshot)
        yield snapshot


@contextmanager
def writing(database: Database) -> Iterator[Transaction]:
    """One transaction for the call of this thread."""
    with database.writing() as transaction:
        _hurry(transaction)
        yield transaction


def _hurry(snapshot: Snapshot) -> None:
    """Raises Expired where the deadline passed while a connection was waited for: nobody hears of what is done then."""
    driver_connection(snapshot)
    remaining = call.current().remaining()
    if remaining < SHORTEST_SECONDS:
        raise Expired("the deadline passed while every connection to the database was in use")
    patience.limit(snapshot, remaining)


@contextmanager
def _noting(database: Database) -> Iterator[Transaction]:
    """A transaction of its own for a line of the log: that of the call is rolled back."""
    with database.writing() as transaction:
        patience.limit(transaction, max(NOTE_SECONDS, call.current().remaining()))
        yield transaction


class Servicer(Protocol):
    """Of any service that writes."""

    _database: Database


def performed(
    effect: Callable[[Service, Request, Transaction, Cause], Response],
) -> Callable[[Service, Request, grpc.ServicerContext], Response]:
    """A writing method that is one effect as a whole, on what the request's `name` names."""

    @wraps(effect)
    def method(self: Service, request: Request, _context: grpc.ServicerContext) -> Response:
        return perform(self._database, request, partial(effect, self, request), subject=NAME(request))

    return method


def perform(
    database: Database, request: Message, effect: Callable[[Transaction, Cause], Response], *, subject: str
) -> Response:
    """Run the effect of a writing method under the laws of all of them.

    A request id that came before gets the stored answer; `validate_only` rolls back and is audited as a dry run; a
    refusal is audited too, both with the name of their `subject`; a transaction that loses against another one is run
    again.
    """
    reason = getattr(request, "reason", "") or getattr(request, "comment", "")
    cause = call.current().cause(getattr(request, "request_id", ""), reason)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            response = _once(database, request, effect, cause)
        except Refusal as refusal:
            record_denial(database, cause, subject, refusal)
            raise
        except Exception as error:
            if failure_of(error) is not Failure.CONFLICT or attempt == ATTEMPTS:
                raise
        else:
            if getattr(request, "validate_only", False):
                _record_trial(database, cause, subject)
            return response
    raise AssertionError("the last attempt returns or raises")


def _once(
    database: Database, request: Message, effect: Callable[[Transaction, Cause], Response], cause: Cause
) -> Response:
    with writing(database) as transaction:
        if getattr(request, "validate_only", False):
            response = effect(transaction, cause)
            transaction.rollback()
            return response
        if cause.request_id is None:
            return effect(transaction, cause)
        method, body = call.current().method, request.SerializeToString(deterministic=True)
        stored = requests.claim(transaction, method, cause.request_id, hashlib.sha256(body).digest(), cause.now)
        if stored is not None:
            return cast("Response", _answer_of(method).FromString(stored))
        response = effect(transaction, cause)
        requests.keep(transaction, method, cause.request_id, response.SerializeToString(deterministic=True))
        return response


def _answer_of(method: str) -> type[Message]:
    """What a method (/package.Service/Method) answers."""
    service, _, name = method.removeprefix("/").partition("/")
    described = descriptor_pool.Default().FindServiceByName(service)
    return GetMessageClass(described.methods_by_name[name].output_type)


def subject_of(request: object, action: str) -> str:
    """What a request is about that nobody looked into yet: the resource it names, else the kind of resource.

    Nothing can be read of the request of a stream that has not come yet, nor of one whose bytes are no message.
    """
    name = getattr(request, "name", "")
    return name if trail.RESOURCE.fullmatch(name) else action.partition(".")[0]


def record_denial(database: Database, cause: Cause, subject: str, refusal: Refusal) -> None:
    """What was refused is on record."""
    with _noting(database) as transaction:
        trail.denied(transaction, cause, _action(), subject, refusal)


def _record_trial(database: Database, cause: Cause, subject: str) -> None:
    with _noting(database) as transaction:
        trail.tried(transaction, cause, _action(), subject)


def _action() -> str:
    """As the use case itself calls it, such as campaigns.launch."""
    return access.RIGHTS[call.current().method].action
