"""What is meant by a fact: its type, its unit, and the words that speak of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from rules.rule import Operator

FactValue = bool | int | float | str | datetime | frozenset[str]
"""What is known of a customer; a fact that is not known is absent."""
Facts = Mapping[str, FactValue]


class Kind(StrEnum):
    """The type of a fact, and so of the values that it is compared with."""

    WHOLE = "whole number"
    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    TIME = "time"
    TEXTS = "set of texts"


class Unit(StrEnum):
    """What a number counts."""

    NONE = "none"
    SHARE = "share from 0 to 1"
    POINTS = "difference of shares, from -1 to 1"
    MONEY = "minor units of the shop's currency"
    DAYS = "whole days"
    TIMES = "times"
    STARS = "stars from 1 to 5"
    FIFTHS = "fifths of all buyers, from 1 to 5, the best"


ORDERED = frozenset({Operator.AT_LEAST, Operator.MORE_THAN, Operator.AT_MOST, Operator.LESS_THAN})
SAME = frozenset({Operator.EQUALS, Operator.DIFFERS})
OPERATORS: Mapping[Kind, frozenset[Operator]] = MappingProxyType(
    {
        Kind.WHOLE: ORDERED | SAME,
        Kind.NUMBER: ORDERED | SAME,
        Kind.TEXT: SAME,
        Kind.FLAG: frozenset({Operator.EQUALS}),
        Kind.TIME: ORDERED,
        Kind.TEXTS: frozenset({Operator.CONTAINS}),
    }
)
LISTABLE = frozenset({Kind.WHOLE, Kind.TEXT, Kind.TEXTS})
"""Kinds that Within takes: equality of fractions and of instants is an accident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words for a fact."""

    name: str
    """A noun phrase: it ends "… is known"."""
    phrase: str
    """A verb phrase: {} stands for what it is compared with, [yes|no] for the words with and without negation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that can be known of a customer."""

    name: str
    kind: Kind
    unit: Unit
    english: Words
    chinese: Words
    choices: tuple[str, ...] = ()
    """The only texts there are; empty where any text is possible."""
    lower_case: bool = False
    """Whether the texts are kept in lower case."""

    @property
    def operators(self) -> frozenset[Operator]:
        """What the fact can be compared by."""
        return OPERATORS[self.kind]
