"""A rule: a small tree of conditions on facts about one customer.

Two readers give it the same meaning: `rules.evaluate` for one customer, `database.audiences.fitting` for all of them. A
condition on a fact that is not known is false, and so `Not` of it is true: there are two truth values, never three.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Value = bool | int | float | str | datetime
"""What a rule compares with: a flag, a whole number, a number, a text, or a time with its zone."""
MAXIMUM_DEPTH = 6
"""Nodes on the way from the root to a leaf, both counted."""
MAXIMUM_NODES = 64
MAXIMUM_VALUES = 1_000
"""In one Within: longer lists are segments."""
MAXIMUM_TEXT = 200
"""Characters of one text value."""


class Operator(StrEnum):
    """How a fact is compared with a value."""

    AT_LEAST = "at_least"
    MORE_THAN = "more_than"
    AT_MOST = "at_most"
    LESS_THAN = "less_than"
    EQUALS = "equals"
    DIFFERS = "differs"
    CONTAINS = "contains"
    """The fact is a set, and the value is in it."""


@dataclass(frozen=True, slots=True)
class Compare:
    """The fact is known and stands so to the value."""

    fact: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Within:
    """The fact is known and is one of the values; a fact that is a set shares at least one with them."""

    fact: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class InSegment:
    """The customer was in the segment when it was last built."""

    segment_id: str


@dataclass(frozen=True, slots=True)
class IsKnown:
    """The fact has a value."""

    fact: str


@dataclass(frozen=True, slots=True)
class Every:
    """All of the rules hold."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of the rules holds."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The rule does not hold."""

    rule: "Rule"


Leaf = Compare | Within | InSegment | IsKnown
Rule = Every | Some | Not | Leaf
WORDS: dict[type[Rule], str] = {
    Every: "every",
    Some: "some",
    Not: "not",
    Compare: "compare",
    Within: "within",
    InSegment: "in_segment",
    IsKnown: "is_known",
}
"""How documents and paths name each kind of node."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a rule and where it stands."""

    path: str
    """From the root, such as every[1].not.compare."""
    depth: int
    """1 at the root."""
    node: Rule


def walk(rule: Rule, *, prefix: str = "", depth: int = 1) -> Iterator[Place]:
    """Every node, a parent before its children, in the order of the document."""
    path = prefix + WORDS[type(rule)]
    yield Place(path, depth, rule)
    match rule:
        case Every(rules) | Some(rules):
            for number, child in enumerate(rules):
                yield from walk(child, prefix=f"{path}[{number}].", depth=depth + 1)
        case Not(child):
            yield from walk(child, prefix=f"{path}.", depth=depth + 1)
        case _:
            pass


def segments_named(rule: Rule) -> frozenset[str]:
    """The segments that a rule asks about."""
    return frozenset(place.node.segment_id for place in walk(rule) if isinstance(place.node, InSegment))


def facts_named(rule: Rule) -> frozenset[str]:
    """The facts that a rule asks about itself; segments may ask about others."""
    leaves = (place.node for place in walk(rule))
    return frozenset(leaf.fact for leaf in leaves if isinstance(leaf, Compare | Within | IsKnown))
