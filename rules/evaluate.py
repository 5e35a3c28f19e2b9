"""Whether a rule holds for one customer, and why."""

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from rules.fact import Facts, FactValue
from rules.rule import WORDS, Compare, Every, InSegment, IsKnown, Leaf, Not, Operator, Rule, Some, Value, Within

COMPARISONS: Mapping[Operator, Callable[[Any, Value], bool]] = {
    Operator.AT_LEAST: operator.ge,
    Operator.MORE_THAN: operator.gt,
    Operator.AT_MOST: operator.le,
    Operator.LESS_THAN: operator.lt,
    Operator.EQUALS: operator.eq,
    Operator.DIFFERS: operator.ne,
    Operator.CONTAINS: operator.contains,
}
"""The fact's value stands on the left."""


MOST_DIGITS = 17
"""Of a floating-point number."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one condition came to."""

    path: str
    """Where it stands in the rule."""
    leaf: Leaf
    holds: bool
    value: FactValue | None
    """Of the fact that was asked about; None when it is not known, and for segments."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """In or out, with the conditions that decided it."""

    holds: bool
    because: tuple[Reason, ...]
    """Together they suffice: whoever agrees with them in these conditions gets the same verdict."""


def evaluate(rule: Rule, facts: Facts, segments: Collection[str] = frozenset()) -> Verdict:
    """The verdict on a customer with these facts, who is in these segments. The rule is one that `check` accepts."""
    return _evaluate(rule, facts, segments, "")


def told(reason: Reason, digits: int) -> FactValue | None:
    """Its value with so many digits behind the point, or with more where the condition would come to something else."""
    value, leaf = reason.value, reason.leaf
    if not isinstance(value, float) or isinstance(leaf, InSegment):
        return value
    shorter = (round(value, places) for places in range(digits, MOST_DIGITS))
    return next((near for near in shorter if _holds(leaf, near) is reason.holds), value)


def _evaluate(rule: Rule, facts: Facts, segments: Collection[str], prefix: str) -> Verdict:
    path = prefix + WORDS[type(rule)]
    match rule:
        case Every(rules):
            return _group(rules, facts, segments, path, decisive=False)
        case Some(rules):
            return _group(rules, facts, segments, path, decisive=True)
        case Not(inner):
            verdict = _evaluate(inner, facts, segments, f"{path}.")
            return Verdict(not verdict.holds, verdict.because)
        case InSegment(segment_id):
            holds = segment_id in segments
            return Verdict(holds, (Reason(path, rule, holds, None),))
        case Compare() | Within() | IsKnown():
            value = facts.get(rule.fact)
            holds = value is not None and _holds(rule, value)
            return Verdict(holds, (Reason(path, rule, holds, value),))
        case _:
            assert_never(rule)


def _group(rules: tuple[Rule, ...], facts: Facts, segments: Collection[str], path: str, *, decisive: bool) -> Verdict:
    """One part with the decisive verdict settles the group; without any, all parts together do."""
    parts = [_evaluate(rule, facts, segments, f"{path}[{number}].") for number, rule in enumerate(rules)]
    deciding = [part for part in parts if part.holds is decisive]
    because = tuple(reason for part in deciding or parts for reason in part.because)
    return Verdict(decisive if deciding else not decisive, because)


def _holds(leaf: Compare | Within | IsKnown, value: FactValue) -> bool:
    match leaf:
        case IsKnown():
            return True
        case Within(_, values):
            return not value.isdisjoint(values) if isinstance(value, frozenset) else value in values
        case Compare(_, comparison, wanted):
            return COMPARISONS[comparison](value, wanted)
        case _:
            assert_never(leaf)
