"""What two documents differ in, field by field. Pure."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

AS_ONE = frozenset({"rule", "discount"})
"""Fields of a plan that people read as one sentence, whatever part of them differs."""
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field that differs."""

    path: str
    """Such as offers.HIGH.discount.percent or rule.every[1].compare.value."""
    before: Json
    """None where the field is null or was not there."""
    after: Json

    @property
    def field(self) -> str:
        """The outermost field: offers, or rule."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]


def differences(before: Json, after: Json, *, as_one: Collection[str] = ()) -> tuple[Difference, ...]:
    """Every field that differs, in the order of the paths; what was added or removed as a whole is one difference.

    So is a field that is named in `as_one`.
    """
    return tuple(_walk("", before, after, as_one))


def _walk(path: str, before: Json, after: Json, as_one: Collection[str]) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict) and path.rpartition(".")[2] not in as_one:
        for name in sorted(before.keys() | after.keys()):
            yield from _walk(f"{path}.{name}" if path else name, before.get(name), after.get(name), as_one)
    elif isinstance(before, list) and isinstance(after, list):
        for place in range(max(len(before), len(after))):
            yield from _walk(f"{path}[{place}]", _at(before, place), _at(after, place), as_one)
    elif before != after or type(before) is not type(after):
        yield Difference(path=path, before=before, after=after)


def _at(values: "list[Json]", place: int) -> Json:
    return values[place] if place < len(values) else None
