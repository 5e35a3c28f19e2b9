"""What is meant by a fact: its type, its unit, and the words that speak of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rules.rule import Operator, Value

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


CODE = re.compile("[A-Za-z]{2,3}")
ORDERED = frozenset({Operator.AT_LEAST, Operator.MORE_THAN, Operator.AT_MOST, Operator.LESS_THAN})
SAME = frozenset({Operator.EQUALS, Operator.DIFFERS})
OPERATORS: Mapping[Kind, frozenset[Operator]] = {
    Kind.WHOLE: ORDERED | SAME,
    Kind.NUMBER: ORDERED | SAME,
    Kind.TEXT: SAME,
    Kind.FLAG: frozenset({Operator.EQUALS}),
    Kind.TIME: ORDERED,
    Kind.TEXTS: frozenset({Operator.CONTAINS}),
}
LISTABLE = frozenset({Kind.WHOLE, Kind.TEXT, Kind.TEXTS})
"""Kinds that Within takes: equality of fractions and of instants is an accident."""


class Spelling(StrEnum):
    """How the texts of a fact are kept, and so how a rule writes them."""

    ANY = "as it is"
    LOWER = "in lower case"
    CODES = "in capitals, since codes are"
    """Of two or three letters; longer names are as they are."""

    def of(self, text: str) -> str:
        """The text as it is kept."""
        if self is Spelling.LOWER:
            return text.lower()
        return text.upper() if self is Spelling.CODES and CODE.fullmatch(text) else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words for a fact."""

    name: str
    """A noun phrase: it ends "… is known"."""
    phrase: str
    """A verb phrase: {} stands for what it is compared with, [yes|no] for the words with and without negation.

    A flag is compared with nothing: [yes|no] are all of its words.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that can be known of a customer."""

    name: str
    kind: Kind
    unit: Unit
    english: Words
    chinese: Words
    choices: tuple[str, ...]
    """The only texts there are; empty where any text is possible."""
    spelling: Spelling

    def meant(self, value: Value) -> Value:
        """What somebody means who writes this: a code in small letters is the code."""
        return self.spelling.of(value) if self.spelling is Spelling.CODES and isinstance(value, str) else value

    @property
    def operators(self) -> frozenset[Operator]:
        """What the fact can be compared by."""
        return OPERATORS[self.kind]
