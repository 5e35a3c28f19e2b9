"""The rule builder's form: conditions and groups named by their place in the tree, to a rule and back. Pure.

`r` is the root, `r.0` the first member of a group there, and so on. A group has the field `.mode`; a condition has
`.fact`, `.was` (the fact for which its other fields were shown), `.not`, `.operator` and `.value`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from typing import assert_never

from admin.web.forms.fact_values import choices_of, shown_value, typed_value
from admin.web.forms.typed import LINES, Fault, Fields, Mistyped, first, lines
from rules.fact import LISTABLE, Fact
from rules.facts import FACTS
from rules.rule import MAXIMUM_DEPTH, Compare, Every, InSegment, IsKnown, Not, Operator, Rule, Some, Within

ROOT = "r"
SEGMENT = "in_segment"
WITHIN, KNOWN = "within", "is_known"
GROUPS_IN_PATH = re.compile(r"(?:every|some)\[(\d+)\]")


class Mode(StrEnum):
    """How the members of a group go together."""

    EVERY = "every"
    SOME = "some"
    NONE = "none"
    NOT_EVERY = "not_every"

    @property
    def negated(self) -> bool:
        """Whether a Not stands around the group."""
        return self in (Mode.NONE, Mode.NOT_EVERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One row of the builder, as it is typed."""

    fact: str
    """Of the registry, or SEGMENT."""
    operator: str = ""
    """An Operator, WITHIN or KNOWN; empty for a segment."""
    values: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Several rows that go together."""

    mode: Mode
    members: tuple["Node", ...]


Node = Condition | Group
FIRST = Condition(fact="orders_90", operator=Operator.AT_LEAST, values=("1",))
"""What a new row says until somebody changes it: a whole condition, so that its count can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """The rule of a form, or what stands in its way."""

    rule: Rule | None
    faults: Mapping[str, Fault]
    """By place."""


def operators_of(fact: Fact) -> tuple[str, ...]:
    """What the fact can be compared by, the usual one first."""
    usual = tuple(each.value for each in Operator if each in fact.operators)
    return (*usual, *((WITHIN,) if fact.kind in LISTABLE else ()), KNOWN)


def read(fields: Fields, place: str = ROOT, depth: int = 1) -> Node | None:
    """What the form shows at this place; None where it shows nothing. Never fails: what is wrong is found later."""
    if depth > MAXIMUM_DEPTH + 1:
        return None
    if f"{place}.mode" in fields:
        mode = first(fields, f"{place}.mode")
        members: list[Node] = []
        for number in count():
            member = read(fields, f"{place}.{number}", depth + 1)
            if member is None:
                break
            members.append(member)
        return Group(mode=Mode(mode) if mode in set(Mode) else Mode.EVERY, members=tuple(members)) if members else None
    return _condition(fields, place) if f"{place}.fact" in fields else None


def pressed(node: Node | None, verb: str, place: str) -> Node | None:
    """The tree after a button: `add` a condition or a `group` at a place, or `remove` what stands there."""
    if verb == "remove":
        return None if node is None else _without(node, _steps(place))
    new = Group(mode=Mode.SOME, members=(FIRST,)) if verb == "group" else FIRST
    return new if node is None else _with(node, _steps(place), new)


def place_of_new(node: Node | None, verb: str, place: str) -> str:
    """Where `pressed` puts the first new row."""
    target = node
    for step in _steps(place):
        if isinstance(target, Group) and step < len(target.members):
            target = target.members[step]
    match target:
        case None:
            new = ROOT
        case Condition():
            new = f"{place}.1"
        case Group():
            new = f"{place}.{len(target.members)}"
    return f"{new}.0" if verb == "group" else new


def shown(rule: Rule, currency: str) -> Node | None:
    """The tree that is read back as the same rule; None for rules that the builder cannot show."""
    node = _node(rule, currency)
    if node is None or any(LINES.search(text) for each in conditions(node) for text in each.values):
        return None
    return node if compiled(node, currency).rule == rule else None


def compiled(node: Node | None, currency: str) -> Compiled:
    """The rule that a tree stands for; no rule means everyone."""
    faults: dict[str, Fault] = {}
    rule = None if node is None else _rule(node, ROOT, currency, faults)
    return Compiled(rule=None if faults else rule, faults=faults)


def place_of(path: str) -> str:
    """Where the form shows what a rule's path names: every[1].not.compare.value is r.1."""
    return ".".join((ROOT, *GROUPS_IN_PATH.findall(path)))


def conditions(node: Node) -> Iterator[Condition]:
    """All of the tree."""
    if isinstance(node, Condition):
        yield node
        return
    for member in node.members:
        yield from conditions(member)


def size(node: Node | None) -> int:
    """Conditions of the rule as its limit counts them: groups and negations too."""
    match node:
        case None:
            return 0
        case Condition():
            return 1 + node.negated
        case Group():
            return 1 + node.mode.negated + sum(map(size, node.members))


def depth(node: Node | None) -> int:
    """Levels of the rule as its limit counts them."""
    match node:
        case None:
            return 0
        case Condition():
            return 1 + node.negated
        case Group():
            return 1 + node.mode.negated + max(map(depth, node.members), default=0)


def _condition(fields: Fields, place: str) -> Condition:
    name, negated = first(fields, f"{place}.fact"), bool(first(fields, f"{place}.not"))
    if name != first(fields, f"{place}.was") or (name not in FACTS and name != SEGMENT):
        return replace(fresh(name), negated=negated)
    texts = lines(fields, f"{place}.value")
    if name == SEGMENT:
        return Condition(fact=name, values=texts[:1], negated=negated)
    operator = first(fields, f"{place}.operator")
    if operator not in operators_of(FACTS[name]):
        operator = operators_of(FACTS[name])[0]
    kept = {WITHIN: texts, KNOWN: ()}.get(operator, texts[:1])
    return Condition(fact=name, operator=operator, values=kept, negated=negated)


def fresh(name: str) -> Condition:
    """A row for a fact that was just chosen."""
    if name == SEGMENT:
        return Condition(fact=SEGMENT)
    if name not in FACTS:
        return FIRST
    fact = FACTS[name]
    return Condition(fact=name, operator=operators_of(fact)[0], values=choices_of(fact)[:1])


def _node(rule: Rule, currency: str, *, negated: bool = False) -> Node | None:
    match rule:
        case Every(rules) | Some(rules):
            members = [_node(child, currency) for child in rules]
            known = tuple(member for member in members if member is not None)
            positive, negative = (Mode.EVERY, Mode.NOT_EVERY) if isinstance(rule, Every) else (Mode.SOME, Mode.NONE)
            complete = len(known) == len(members)
            return Group(mode=negative if negated else positive, members=known) if complete else None
        case Not(child):
            return None if negated else _node(child, currency, negated=True)
        case Compare(name, operator, value):
            text = shown_value(FACTS[name], value, currency)
            return Condition(fact=name, operator=operator.value, values=(text,), negated=negated)
        case Within(name, values):
            texts = tuple(shown_value(FACTS[name], value, currency) for value in values)
            order = choices_of(FACTS[name])
            ticked = (*(each for each in order if each in texts), *(each for each in texts if each not in order))
            # Boxes are ticked in the order in which they stand.
            return Condition(fact=name, operator=WITHIN, values=ticked if order else texts, negated=negated)
        case IsKnown(name):
            return Condition(fact=name, operator=KNOWN, negated=negated)
        case InSegment(segment_id):
            return Condition(fact=SEGMENT, values=(segment_id,), negated=negated)
        case _:
            assert_never(rule)


def _rule(node: Node, place: str, currency: str, faults: dict[str, Fault]) -> Rule:
    match node:
        case Group(mode=mode, members=members):
            rules = tuple(_rule(member, f"{place}.{number}", currency, faults) for number, member in enumerate(members))
            inner: Rule = Every(rules) if mode in (Mode.EVERY, Mode.NOT_EVERY) else Some(rules)
            return Not(inner) if mode.negated else inner
        case Condition():
            try:
                leaf = _leaf(node, currency)
            except Mistyped as error:
                faults[place] = error.fault
                return IsKnown(node.fact)
            return Not(leaf) if node.negated else leaf


def _leaf(condition: Condition, currency: str) -> Rule:
    name, values = condition.fact, condition.values
    if condition.operator == KNOWN:
        return IsKnown(name)
    if not values:
        raise Mistyped(Fault.EMPTY)
    if name == SEGMENT:
        return InSegment(values[0])
    typed = tuple(typed_value(FACTS[name], value, currency) for value in values)
    return (
        Within(name, typed) if condition.operator == WITHIN else Compare(name, Operator(condition.operator), typed[0])
    )


def _steps(place: str) -> list[int]:
    return [int(step) for step in place.split(".")[1:] if step.isdecimal()]


def _with(node: Node, steps: list[int], new: Node) -> Node:
    if isinstance(node, Condition):
        return Group(mode=Mode.EVERY, members=(node, new))
    if not steps or steps[0] >= len(node.members):
        return replace(node, members=(*node.members, new))
    changed = _with(node.members[steps[0]], steps[1:], new)
    return replace(node, members=(*node.members[: steps[0]], changed, *node.members[steps[0] + 1 :]))


def _without(node: Node, steps: list[int]) -> Node | None:
    """A group that has no members left goes too."""
    if not steps:
        return None
    if isinstance(node, Condition) or steps[0] >= len(node.members):
        return node
    left = _without(node.members[steps[0]], steps[1:])
    kept = () if left is None else (left,)
    members = (*node.members[: steps[0]], *kept, *node.members[steps[0] + 1 :])
    return replace(node, members=members) if members else None
