"""The rules that stand in the protos, applied to a request."""

import protovalidate
from google.protobuf.message import Message

from server.refusals import FieldViolation, InvalidRequest

VALIDATOR = protovalidate.Validator()


def check(request: Message) -> None:
    """Raises InvalidRequest that names every field at fault."""
    violations = VALIDATOR.collect_violations(request)
    if violations:
        raise InvalidRequest([FieldViolation(_path(found.proto), found.proto.message) for found in violations])


def _path(violation: protovalidate.ViolationPb) -> str:
    elements = violation.field.elements if violation.field else []
    return ".".join(
        element.field_name if element.subscript is None else f"{element.field_name}[{element.subscript.value}]"
        for element in elements
    )
