"""Whether a rule makes sense: known facts, operators that fit them, values of their type, limits of size."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rules.fact import LISTABLE, Fact, Kind
from rules.facts import FACTS
from rules.rule import (
    MAXIMUM_DEPTH,
    MAXIMUM_NODES,
    MAXIMUM_TEXT,
    MAXIMUM_VALUES,
    Compare,
    Every,
    InSegment,
    IsKnown,
    Place,
    Rule,
    Some,
    Value,
    Within,
    walk,
)
from rules.similar import instead

LARGEST = 2**53
"""Beyond it a JSON number may lose its last digits on the way."""
SEGMENT_ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    path: str
    """Where, such as every[1].compare.value; empty for the whole rule."""
    message: str
    """What, and the way out."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidRule(ValueError):
    """A rule that means nothing; `problems` has all that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


def check(rule: Rule) -> None:
    """Raises InvalidRule with every problem of the rule."""
    problems = tuple(find_problems(rule))
    if problems:
        raise InvalidRule(problems)


def find_problems(rule: Rule) -> Iterator[Problem]:
    """All that is wrong, in the order of the document; no more once the rule is too large."""
    for number, place in enumerate(walk(rule), start=1):
        if number > MAXIMUM_NODES:
            yield too_many_nodes()
            return
        if place.depth > MAXIMUM_DEPTH:
            yield too_deep(place.path)
            return
        yield from _of_node(place)


def too_deep(path: str) -> Problem:
    """The rule is nested too far at this path."""
    return Problem(path, f"is nested deeper than {MAXIMUM_DEPTH} levels: save the inner part as a segment")


def too_many_nodes() -> Problem:
    """The rule has too many conditions."""
    return Problem("", f"the rule has more than {MAXIMUM_NODES} conditions: save a part of it as a segment")


def _of_node(place: Place) -> Iterator[Problem]:
    match place.node:
        case Every(()) | Some(()):
            yield Problem(place.path, "needs at least one condition: an empty list would say everyone or nobody")
        case InSegment(segment_id) if not SEGMENT_ID.fullmatch(segment_id):
            yield Problem(place.path, f"{segment_id!r} is not a segment id: lower-case letters, digits and hyphens")
        case IsKnown(name) if name not in FACTS:
            yield _unknown(place.path, name)
        case Compare(name) | Within(name) if name not in FACTS:
            yield _unknown(f"{place.path}.fact", name)
        case Compare(name):
            yield from _of_comparison(place.path, FACTS[name], place.node)
        case Within(name):
            yield from _of_list(place.path, FACTS[name], place.node)
        case _:
            pass


def _unknown(path: str, name: str) -> Problem:
    return Problem(path, f"there is no fact {name!r}{instead(name, FACTS)}")


def _of_comparison(path: str, fact: Fact, compare: Compare) -> Iterator[Problem]:
    if compare.operator not in fact.operators:
        possible = ", ".join(sorted(fact.operators))
        message = f"{fact.name} is a {fact.kind} and cannot be compared by {compare.operator}; use {possible}"
        yield Problem(f"{path}.operator", message)
    yield from _of_value(f"{path}.value", fact, compare.value)


def _of_list(path: str, fact: Fact, within: Within) -> Iterator[Problem]:
    if fact.kind not in LISTABLE:
        yield Problem(f"{path}.fact", f"{fact.name} is a {fact.kind}, which no list can hold: use compare")
        return
    if not 1 <= len(within.values) <= MAXIMUM_VALUES:
        message = f"needs 1 to {MAXIMUM_VALUES:,} values, has {len(within.values):,}: save long lists as a segment"
        yield Problem(f"{path}.values", message)
        return
    for number, value in enumerate(within.values):
        yield from _of_value(f"{path}.values[{number}]", fact, value)


def _of_value(path: str, fact: Fact, value: Value) -> Iterator[Problem]:
    match fact.kind:
        case Kind.WHOLE:
            message = _of_whole(value)
        case Kind.NUMBER:
            message = _of_number(value)
        case Kind.FLAG:
            message = None if isinstance(value, bool) else "must be true or false"
        case Kind.TIME:
            message = _of_time(value)
        case Kind.TEXT | Kind.TEXTS:
            message = _of_text(fact, value)
    if message is not None:
        yield Problem(path, f"{message}; found {value!r}")


def _of_whole(value: Value) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return "must be a whole number"
    return None if abs(value) <= LARGEST else f"must lie between -{LARGEST} and {LARGEST}"


def _of_number(value: Value) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    return None if abs(value) <= LARGEST else f"must lie between -{LARGEST} and {LARGEST}"


def _of_time(value: Value) -> str | None:
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return None
    return "must be a time with its zone, such as 2026-01-31T08:00:00Z"


def _of_text(fact: Fact, value: Value) -> str | None:
    if not isinstance(value, str):
        return "must be text: put it in quotes"
    if not 1 <= len(value) <= MAXIMUM_TEXT:
        return f"must have 1 to {MAXIMUM_TEXT} characters"
    if "\x00" in value or any("\ud800" <= symbol <= "\udfff" for symbol in value):
        return "must not contain NUL or half a character"
    if fact.choices and value not in fact.choices:
        return f"must be one of {', '.join(fact.choices)}"
    if value != fact.spelling.of(value):
        return f"must be {fact.spelling}: {fact.spelling.of(value)!r}"
    return None
