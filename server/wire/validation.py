"""The rules that stand in the protos, applied to a request."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import protovalidate
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from server.wire.refusals import FieldViolation, InvalidRequest
from server.wire.unreadable import Unreadable

VALIDATOR = protovalidate.Validator()
ID = "a lower-case letter, then letters, digits and hyphens, at most 63"
SYMBOLS = "1 to 128 symbols without slashes or control characters"
PATTERN = re.compile(r"does not match regex pattern `\^(?:(?P<kind>\w+)/)?(?P<rest>.*)\$`")
"""What is said of a text; of a resource's name, with its kind."""
IDS: Mapping[str, str] = {
    "[a-z]([a-z0-9-]{0,61}[a-z0-9])?": ID,
    "(-|[a-z]([a-z0-9-]{0,61}[a-z0-9])?)": f"- for all, or {ID}",
    "[a-z]([a-z0-9-]{0,61}[a-z0-9])?/versions/[1-9][0-9]{0,8}": f"{ID}, then /versions/ and a number",
    "[^/[:cntrl:]]{1,128}": SYMBOLS,
    "[1-9][0-9]{0,17}": "a number",
}
PLAINER: Mapping[str, str] = {
    "[^[:cntrl:]]*": "must not contain control characters, such as line breaks",
    "[^/[:cntrl:]]*": "must not contain slashes or control characters",
    **{pattern: f"must be {words}" for pattern, words in IDS.items()},
}
"""Whoever sent the value has not read the rules."""


def check(request: Message | Unreadable) -> None:
    """Raises InvalidRequest that names every field at fault; of lists that are too long those alone.

    The rules of a list's items are asked of each, however many there are: a Score of 300 kB took seven seconds of the
    event loop to be refused.
    """
    if isinstance(request, Unreadable):
        raise InvalidRequest([request.violation()])
    crowded = list(_crowded(request))
    if crowded:
        raise InvalidRequest(crowded)
    violations = [
        FieldViolation(_path(found.proto), _words(found.proto)) for found in VALIDATOR.collect_violations(request)
    ]
    told = {violation.field for violation in violations}
    violations += [violation for violation in _malformed(request) if violation.field not in told]
    if violations:
        raise InvalidRequest(violations)


MOST_NESTED = 1000
"""Items of lists within lists of their own kind in one request, such as conditions of a rule: many more than it may
have, which says so itself, and few enough to be looked at."""


class _List(NamedTuple):
    """A field on the way to a list with a limit."""

    name: str
    limit: int | None
    many: bool
    inner: bool
    """Whether there are such lists in the messages of the field, too."""
    nested: bool
    """Whether the messages of the field may hold ones of their own kind."""


@cache
def _lists(kind: Descriptor) -> Sequence[_List]:
    found = []
    for field in kind.fields:
        rules: Any = field.GetOptions().Extensions[validate_pb2.field]
        limit = rules.repeated.max_items if rules.repeated.HasField("max_items") else None
        inner = any(_has_lists(each, frozenset({kind})) for each in _inside(field))
        if limit is not None or inner:
            nested = any(_holds(each, each, frozenset()) for each in _inside(field))
            found.append(_List(field.name, limit, bool(field.is_repeated), inner, nested))
    return found


def _has_lists(kind: Descriptor, seen: frozenset[Descriptor]) -> bool:
    """A kind that holds itself, as rules do, is looked into once."""
    return kind in seen or any(
        bool(field.GetOptions().Extensions[validate_pb2.field].repeated.max_items)
        or any(_has_lists(each, seen | {kind}) for each in _inside(field))
        for field in kind.fields
    )


def _holds(kind: Descriptor, sought: Descriptor, seen: frozenset[Descriptor]) -> bool:
    return any(
        each is sought or (each not in seen and _holds(each, sought, seen | {kind}))
        for field in kind.fields
        for each in _inside(field)
    )


def _inside(field: FieldDescriptor) -> Sequence[Descriptor]:
    kind = field.message_type
    return [] if kind is None or kind.GetOptions().map_entry else [kind]


def _crowded(message: Message, root: str = "", room: Iterator[int] | None = None) -> Iterator[FieldViolation]:
    """Lists with more items than they may have; what is in such a list is not looked at."""
    room = iter(range(MOST_NESTED)) if room is None else room
    for name, limit, many, inner, nested in _lists(message.DESCRIPTOR):
        value, path = getattr(message, name), f"{root}{name}"
        if not many:
            if message.HasField(name):
                yield from _crowded(value, f"{path}.", room)
        elif limit is not None and len(value) > limit:
            yield FieldViolation(path, f"must contain no more than {limit} item(s)")
        elif inner:
            for place, each in enumerate(value):
                if nested and next(room, None) is None:
                    yield FieldViolation(path, f"must contain no more than {MOST_NESTED} item(s) with all inside them")
                    break
                yield from _crowded(each, f"{path}[{place}].", room)


def _malformed(message: Message, root: str = "") -> Iterator[FieldViolation]:
    """Times and durations that break their own type's rules, and strings that PostgreSQL does not store."""
    for field, value in message.ListFields():
        kind = field.message_type
        if field.type != field.TYPE_STRING and (kind is None or kind.GetOptions().map_entry):
            continue
        name = f"{root}{field.name}"
        many = (
            [(f"{name}[{place}]", each) for place, each in enumerate(value)] if field.is_repeated else [(name, value)]
        )
        for path, each in many:
            if isinstance(each, str):
                if "\0" in each:
                    yield FieldViolation(path, "must not contain the symbol NUL")
            elif not isinstance(each, Timestamp | Duration):
                yield from _malformed(each, f"{path}.")
            elif not _well_formed(each):
                yield FieldViolation(path, "its seconds or nanoseconds are out of range")


def _well_formed(value: Timestamp | Duration) -> bool:
    try:
        # Of the readers of a duration only this one looks at its range.
        value.ToJsonString() if isinstance(value, Duration) else value.ToNanoseconds()
    except ValueError:
        return False
    return True


def _words(violation: protovalidate.ViolationPb) -> str:
    if violation.message == "must not be in list [0]":
        return "is required"
    told = PATTERN.fullmatch(violation.message)
    if told is None:
        return violation.message
    kind, rest = told["kind"], told["rest"]
    if kind is not None and rest in IDS:
        return f"must be a whole name, {kind}/ and the id: {IDS[rest]}"
    return PLAINER.get(rest, violation.message)


def _path(violation: protovalidate.ViolationPb) -> str:
    elements = violation.field.elements if violation.field else []
    names = [
        element.field_name if element.subscript is None else f"{element.field_name}[{element.subscript.value}]"
        for element in elements
    ]
    # A rule of a whole message has no place among those of a field, and an id that begins with the field to change.
    field, dot, _ = violation.rule_id.partition(".")
    return ".".join([*names, field] if dot and not violation.rule else names)
