"""A rule as a sentence, in English or Chinese: what marketing reads before it presses the button.

Parts of a group stand in parentheses, so that a sentence has one reading.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from rules.evaluate import Reason, told
from rules.fact import Fact, FactValue, Kind, Unit, Words
from rules.facts import FACTS
from rules.rule import Compare, Every, InSegment, IsKnown, Leaf, Not, Operator, Rule, Some, Within

CHOICE = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")
MINOR_DIGITS: Mapping[str, int] = (
    dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0)
    | dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0)
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
    | dict.fromkeys(("CLF", "UYW"), 4)
)
"""ISO 4217: digits behind the point, 2 where nothing is said."""


TOLD_DIGITS: Mapping[Unit, int] = {Unit.SHARE: 3, Unit.POINTS: 3, Unit.MONEY: 0}
USUAL_TOLD_DIGITS = 1
"""Of what is known of a customer: 0.7753048 are 77.5%."""


class Language(StrEnum):
    """Languages that a rule can be printed in, by their ISO 639 codes."""

    ENGLISH = "en"
    CHINESE = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grammar:
    """What a language puts around facts and values."""

    both: str
    either: str
    negated: str
    group: str
    known: tuple[str, str]
    segment: str
    any_of: str
    """Of those before the last, and the last."""
    comma: str
    flags: tuple[str, str]
    operators: Mapping[Operator, str]
    texts: Mapping[Operator, str]
    times: Mapping[Operator, str]
    units: Mapping[Unit, tuple[str, str]]
    """For one and for several."""
    minor: str
    reason: tuple[str, str]


ENGLISH = _Grammar(
    both=" and ", either=" or ", negated="not {}", group="({})", known=("{} is known", "{} is not known"),
    segment="[is|is not] in segment {}", any_of="{} or {}", comma=", ", flags=("yes", "no"),
    operators={
        Operator.AT_LEAST: "at least {}", Operator.MORE_THAN: "more than {}", Operator.AT_MOST: "at most {}",
        Operator.LESS_THAN: "less than {}", Operator.EQUALS: "exactly {}", Operator.DIFFERS: "anything but {}",
        Operator.CONTAINS: "{}",
    },
    texts={Operator.EQUALS: "{}", Operator.DIFFERS: "anything but {}"},
    times={
        Operator.AT_LEAST: "at or after {}", Operator.MORE_THAN: "after {}", Operator.AT_MOST: "at or before {}",
        Operator.LESS_THAN: "before {}",
    },
    units={
        Unit.NONE: ("{}", "{}"), Unit.SHARE: ("{}%", "{}%"), Unit.MONEY: ("{}", "{}"),
        Unit.DAYS: ("{} day", "{} days"), Unit.TIMES: ("{} time", "{} times"), Unit.STARS: ("{} star", "{} stars"),
        Unit.FIFTHS: ("{} of 5", "{} of 5"), Unit.POINTS: ("{} point", "{} points"),
    },
    minor="{} in minor units", reason=("{}: it is {}", "{}: it is not known"),
)  # fmt: skip
CHINESE = _Grammar(
    both="，且", either="，或", negated="并非{}", group="（{}）", known=("{}已知", "{}未知"),
    segment="[属于|不属于]人群{}", any_of="{}、{}之一", comma="、", flags=("是", "否"),
    operators={
        Operator.AT_LEAST: "至少{}", Operator.MORE_THAN: "超过{}", Operator.AT_MOST: "至多{}",
        Operator.LESS_THAN: "不足{}", Operator.EQUALS: "正好{}", Operator.DIFFERS: "不等于{}", Operator.CONTAINS: "{}",
    },
    texts={Operator.EQUALS: "{}", Operator.DIFFERS: "{}以外的值"},
    times={
        Operator.AT_LEAST: "不早于{}", Operator.MORE_THAN: "晚于{}", Operator.AT_MOST: "不晚于{}",
        Operator.LESS_THAN: "早于{}",
    },
    units={
        Unit.NONE: ("{}", "{}"), Unit.SHARE: ("{}%", "{}%"), Unit.MONEY: ("{}", "{}"), Unit.DAYS: ("{}天", "{}天"),
        Unit.TIMES: ("{}次", "{}次"), Unit.STARS: ("{}星", "{}星"), Unit.FIFTHS: ("{}分", "{}分"),
        Unit.POINTS: ("{}个百分点", "{}个百分点"),
    },
    minor="{}（最小货币单位）", reason=("{}：实际为{}", "{}：未知"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Says rules in one language; money in a currency when it is given, in minor units otherwise."""

    language: Language = Language.ENGLISH
    currency: str | None = None

    def sentence(self, rule: Rule) -> str:
        """The rule as what a customer does, such as: bought at least 3 times in the last 90 days."""
        grammar = self._grammar
        match _without_groups_of_one(rule):
            case Every(rules):
                return grammar.both.join(map(self._part, rules))
            case Some(rules):
                return grammar.either.join(map(self._part, rules))
            case Not(inner):
                return self._negated(inner)
            case leaf:
                return self._leaf(leaf, holds=True)

    def _negated(self, rule: Rule) -> str:
        inner = _without_groups_of_one(rule)
        if isinstance(inner, Every | Some | Not):
            return self._grammar.negated.format(self._grammar.group.format(self.sentence(inner)))
        return self._leaf(inner, holds=False)

    def reason(self, reason: Reason) -> str:
        """One condition of a verdict, with what is known of the customer."""
        said = self._leaf(reason.leaf, holds=reason.holds)
        if isinstance(reason.leaf, InSegment | IsKnown):
            return said
        known, unknown = self._grammar.reason
        fact = FACTS[reason.leaf.fact]
        if fact.kind is Kind.FLAG and reason.value is not None:
            return said
        value = told(reason, TOLD_DIGITS.get(fact.unit, USUAL_TOLD_DIGITS))
        return unknown.format(said) if value is None else known.format(said, self._fact_value(fact, value))

    @property
    def _grammar(self) -> _Grammar:
        return CHINESE if self.language is Language.CHINESE else ENGLISH

    def _words(self, fact: Fact) -> Words:
        return fact.chinese if self.language is Language.CHINESE else fact.english

    def _part(self, rule: Rule) -> str:
        said = self.sentence(rule)
        return self._grammar.group.format(said) if isinstance(_without_groups_of_one(rule), Every | Some) else said

    def _leaf(self, leaf: Leaf, *, holds: bool) -> str:
        grammar = self._grammar
        match leaf:
            case IsKnown(name):
                return grammar.known[0 if holds else 1].format(self._words(FACTS[name]).name)
            case InSegment(segment_id):
                return _chosen(grammar.segment, holds=holds).format(_quoted(segment_id))
            case Compare(name, value=bool(value)):
                return _chosen(self._words(FACTS[name]).phrase, holds=holds == value)
            case Compare(name):
                compared = self._compared(FACTS[name], leaf)
                return _chosen(self._words(FACTS[name]).phrase, holds=holds).format(compared)
            case Within(name, values):
                phrase = _chosen(self._words(FACTS[name]).phrase, holds=holds)
                return phrase.format(self._listed([self._value(FACTS[name], value) for value in values]))
            case _:
                assert_never(leaf)

    def _listed(self, values: Sequence[str]) -> str:
        *before, last = values
        return self._grammar.any_of.format(self._grammar.comma.join(before), last) if before else last

    def _compared(self, fact: Fact, compare: Compare) -> str:
        value = self._value(fact, compare.value)
        grammar = self._grammar
        words = {Kind.TIME: grammar.times, Kind.TEXT: grammar.texts}.get(fact.kind, grammar.operators)
        return words[compare.operator].format(value)

    def _fact_value(self, fact: Fact, value: FactValue) -> str:
        if isinstance(value, frozenset):
            return "{" + self._grammar.comma.join(map(_quoted, sorted(value))) + "}"
        return self._value(fact, value)

    def _value(self, fact: Fact, value: bool | float | str | datetime) -> str:  # noqa: FBT001 - a flag is a value
        match value:
            case bool():
                return self._grammar.flags[0 if value else 1]
            case str():
                return _quoted(value)
            case datetime():
                return value.astimezone(UTC).isoformat(sep=" ").replace("+00:00", " UTC")
            case _:
                one, several = self._grammar.units[fact.unit]
                said = self._number(fact.unit, value)
                return (one if said == "1" else several).format(said)

    def _number(self, unit: Unit, value: float) -> str:
        exact = Decimal(repr(value))
        match unit:
            case Unit.SHARE | Unit.POINTS:
                return plain(exact * 100)
            case Unit.MONEY:
                return self._money(exact)
            case _:
                return plain(exact)

    def _money(self, minor: Decimal) -> str:
        if self.currency is None:
            return self._grammar.minor.format(plain(minor))
        digits = MINOR_DIGITS.get(self.currency, 2)
        return f"{minor.scaleb(-digits):.{digits}f} {self.currency}"


def sentence(rule: Rule, language: Language = Language.ENGLISH, *, currency: str | None = None) -> str:
    """The rule as a sentence; see Speaker."""
    return Speaker(language=language, currency=currency).sentence(rule)


def _without_groups_of_one(rule: Rule) -> Rule:
    """A group of one rule says what that rule says."""
    while isinstance(rule, Every | Some) and len(rule.rules) == 1:
        (rule,) = rule.rules
    return rule


def _chosen(phrase: str, *, holds: bool) -> str:
    """The words with or without negation."""
    return CHOICE.sub(lambda found: found[1 if holds else 2], phrase)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def plain(number: Decimal) -> str:
    """Without exponent and without zeros that say nothing."""
    said = f"{number:f}"
    return (said.rstrip("0").rstrip(".") if "." in said else said) or "0"
