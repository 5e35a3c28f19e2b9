"""What a decision about a customer was made from, by name, as it is kept beside the decision.

The values stand in one JSON array for each customer and their names once on the campaign: a million customers cost what
was asked about them and no more. Of a set of texts only those are kept that the rule names.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, any_, case, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from database.audiences.fitting import TABLE, member
from rules.fact import Kind
from rules.facts import FACTS
from rules.rule import Compare, IsKnown, Rule, Within, segments_named, walk

FACT, SEGMENT = "fact.", "segment."
BELOW = "below"
"""Whether the score lay below the tier's margin, and the grace period had begun."""
AGREED, WISH, RESPONSES = "agreed", "wish", "{}_responses"
"""Channels that the customer agreed to, the preferred one, and how often they responded to each."""
EXCLUDED, GOT, PLACE = "excluded", "since_{}", "place"
"""By another campaign; offers that count for each cap; rank by expected spend."""
NOTHING: Mapping[str, ColumnElement[Any]] = {}


def of_rule(rule: Rule | None) -> Mapping[str, ColumnElement[Any]]:
    """The facts that a rule asks about, and whether the customer is in its segments."""
    if rule is None:
        return NOTHING
    named = _named(rule)
    read = {f"{FACT}{name}": _value(name, named[name]) for name in sorted(named)}
    return read | {f"{SEGMENT}{name}": member(name, TABLE) for name in sorted(segments_named(rule))}


def _named(rule: Rule) -> Mapping[str, set[str]]:
    """Each fact with the texts that it is compared with."""
    named: dict[str, set[str]] = defaultdict(set)
    for place in walk(rule):
        match place.node:
            case Compare(name, _, value):
                named[name].add(str(value))
            case Within(name, values):
                named[name].update(map(str, values))
            case IsKnown(name):
                named[name].update(())
            case _:
                pass
    return named


def _value(name: str, texts: set[str]) -> ColumnElement[Any]:
    column: ColumnElement[Any] = TABLE.c[name]
    if FACTS[name].kind is not Kind.TEXTS:
        return column
    asked = func.unnest(literal(sorted(texts), ARRAY(Text))).column_valued("asked")
    both = func.array(select(asked).where(asked == any_(column)).scalar_subquery(), type_=ARRAY(Text))
    return case((column.is_not(None), both))
