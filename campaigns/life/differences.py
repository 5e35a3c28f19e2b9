"""What two documents differ in, field by field. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field that differs."""

    path: str
    """Such as offers.HIGH.discount.percent or rule.every[1].compare.value."""
    before: Json
    """None where the field is null or was not there."""
    after: Json


def differences(before: Json, after: Json) -> tuple[Difference, ...]:
    """Every field that differs, in the order of the paths; what was added or removed as a whole is one difference."""
    return tuple(_walk("", before, after))


def _walk(path: str, before: Json, after: Json) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _walk(f"{path}.{name}" if path else name, before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list):
        for place in range(max(len(before), len(after))):
            yield from _walk(f"{path}[{place}]", _at(before, place), _at(after, place))
    elif before != after or type(before) is not type(after):
        yield Difference(path=path, before=before, after=after)


def _at(values: "list[Json]", place: int) -> Json:
    return values[place] if place < len(values) else None
