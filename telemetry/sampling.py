"""Which calls are traced: as their caller decided, by the W3C trace context, else a share of them."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

HEADER = "traceparent"
FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(-.*)?")
SAMPLED = 1

Metadata: TypeAlias = Callable[[], Iterable[tuple[str, str | bytes]]]
"""Of a call, gathered when it is asked for."""


class Parent(NamedTuple):
    """The caller's span."""

    trace_id: int
    span_id: int
    sampled: bool


def parent_of(metadata: Iterable[tuple[str, str | bytes]]) -> Parent | None:
    """None where the caller has none, or says something that is not one."""
    for name, value in metadata:
        if name == HEADER:
            found = FORM.fullmatch(str(value))
            if found is None or not int(found["trace"], 16) or not int(found["span"], 16):
                return None
            return Parent(int(found["trace"], 16), int(found["span"], 16), bool(int(found["flags"], 16) & SAMPLED))
    return None


def is_traced(parent: Parent | None, *, share: float, draw: float) -> bool:
    """`draw` is evenly spread over [0, 1)."""
    return draw < share if parent is None else parent.sampled
