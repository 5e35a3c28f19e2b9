"""Field masks (AIP-134, AIP-161): which fields of a resource an update changes."""

from collections.abc import Sequence

from google.api import field_behavior_pb2
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from server.wire.refusals import InvalidRequest

NOT_CHANGED = {field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.IDENTIFIER}


def changed_fields(resource: Message, mask: FieldMask) -> frozenset[str]:
    """Names of the fields to change: those the mask names, all for `*`, the filled ones without a mask.

    Fields that only the server fills are passed over. Raises InvalidRequest for a path that leads nowhere.
    """
    changeable = {name for name in resource.DESCRIPTOR.fields_by_name if _changeable(resource, name)}
    if not mask.paths:
        return frozenset({field.name for field, _ in resource.ListFields()} & changeable)
    if list(mask.paths) == ["*"]:
        return frozenset(changeable)
    for path in mask.paths:
        if path not in resource.DESCRIPTOR.fields_by_name:
            known = ", ".join(sorted(changeable))
            raise InvalidRequest.of("update_mask", f"{path} is not a field; use some of {known}, or *")
    return frozenset(set(mask.paths) & changeable)


def _changeable(resource: Message, name: str) -> bool:
    options = resource.DESCRIPTOR.fields_by_name[name].GetOptions()
    behaviour: Sequence[int] = options.Extensions[field_behavior_pb2.field_behavior]  # type: ignore[index] # its stub is not mypy-protobuf's
    return name != "etag" and not NOT_CHANGED & set(behaviour)
