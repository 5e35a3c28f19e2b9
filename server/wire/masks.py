"""Field masks (AIP-134, AIP-161): which fields of a resource an update changes."""

from collections.abc import Collection, Sequence

from google.api import field_behavior_pb2
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from server.wire.refusals import InvalidRequest

NOT_CHANGED = {field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.IDENTIFIER}


def changed_fields(resource: Message, mask: FieldMask, *, none_will_do: bool = False) -> frozenset[str]:
    """Names of the fields to change: those the mask names, all for `*`, the filled ones without a mask.

    Fields that only the server fills are passed over. Raises InvalidRequest for a path that leads nowhere, and where
    nothing is filled and no mask says what to empty: whoever withdraws the last consent so would be told that all is
    well.
    """
    changeable = {name for name in resource.DESCRIPTOR.fields_by_name if _changeable(resource, name)}
    if not mask.paths:
        filled = frozenset({field.name for field, _ in resource.ListFields()} & changeable)
        if not filled and not none_will_do:
            raise InvalidRequest.of("update_mask", f"nothing would change: name what to empty, of {_names(changeable)}")
        return filled
    if list(mask.paths) == ["*"]:
        return frozenset(changeable)
    for path in mask.paths:
        if path not in resource.DESCRIPTOR.fields_by_name:
            raise InvalidRequest.of("update_mask", f"{path} is not a field; use some of {_names(changeable)}, or *")
    return frozenset(set(mask.paths) & changeable)


def _names(fields: Collection[str]) -> str:
    return ", ".join(sorted(fields))


def _changeable(resource: Message, name: str) -> bool:
    options = resource.DESCRIPTOR.fields_by_name[name].GetOptions()
    behaviour: Sequence[int] = options.Extensions[field_behavior_pb2.field_behavior]  # type: ignore[index] # its stub is not mypy-protobuf's
    return name != "etag" and not NOT_CHANGED & set(behaviour)
