"""Rules between the wire and us. Whether a rule makes sense, `rules.check` says; here it only changes its form."""

from datetime import datetime
from typing import assert_never

from tierwise.v1 import rule_pb2

from rules.facts import FACTS
from rules.rule import Compare, Every, InSegment, IsKnown, Leaf, Not, Operator, Rule, Some, Value, Within
from server.wire.names import SEGMENT
from server.wire.stamps import moment, stamp

OPERATOR = rule_pb2.Rule.Compare.Operator


def rule_message(rule: Rule) -> rule_pb2.Rule:
    match rule:
        case Every(rules):
            return rule_pb2.Rule(every=_group(rules))
        case Some(rules):
            return rule_pb2.Rule(some=_group(rules))
        case Not(inner):
            return rule_pb2.Rule(negated=rule_message(inner))
        case _:
            return _leaf_message(rule)


def rule_value(message: rule_pb2.Rule) -> Rule:
    """From a message that the protos' rules have checked."""
    match message.WhichOneof("condition"):
        case "every":
            return Every(tuple(map(rule_value, message.every.rules)))
        case "some":
            return Some(tuple(map(rule_value, message.some.rules)))
        case "negated":
            return Not(rule_value(message.negated))
        case _:
            return _leaf_value(message)


def _leaf_message(leaf: Leaf) -> rule_pb2.Rule:
    match leaf:
        case Compare(fact, operator, value):
            compare = rule_pb2.Rule.Compare(fact=fact, operator=OPERATOR.Value(operator.name), value=_sent(value))
            return rule_pb2.Rule(compare=compare)
        case Within(fact, values):
            return rule_pb2.Rule(within=rule_pb2.Rule.Within(fact=fact, values=map(_sent, values)))
        case InSegment(segment_id):
            return rule_pb2.Rule(in_segment=SEGMENT + segment_id)
        case IsKnown(fact):
            return rule_pb2.Rule(is_known=fact)
        case _:
            assert_never(leaf)


def _leaf_value(message: rule_pb2.Rule) -> Leaf:
    match message.WhichOneof("condition"):
        case "compare":
            compare = message.compare
            value = _received(compare.fact, compare.value)
            return Compare(compare.fact, Operator[OPERATOR.Name(compare.operator)], value)
        case "within":
            within = message.within
            return Within(within.fact, tuple(_received(within.fact, value) for value in within.values))
        case "in_segment":
            return InSegment(message.in_segment.removeprefix(SEGMENT))
        case "is_known":
            return IsKnown(message.is_known)
        case condition:
            raise ValueError(f"a rule with the condition {condition} passed the validation")


def _group(rules: tuple[Rule, ...]) -> rule_pb2.Rule.Group:
    return rule_pb2.Rule.Group(rules=map(rule_message, rules))


def _sent(value: Value) -> rule_pb2.Rule.Value:
    match value:
        case bool():
            return rule_pb2.Rule.Value(flag=value)
        case int():
            return rule_pb2.Rule.Value(whole=value)
        case float():
            return rule_pb2.Rule.Value(number=value)
        case str():
            return rule_pb2.Rule.Value(text=value)
        case datetime():
            return rule_pb2.Rule.Value(time=stamp(value))


def _received(fact: str, message: rule_pb2.Rule.Value) -> Value:
    value = _plain(message)
    return FACTS[fact].meant(value) if fact in FACTS else value


def _plain(message: rule_pb2.Rule.Value) -> Value:
    match message.WhichOneof("kind"):
        case "flag":
            return message.flag
        case "whole":
            return message.whole
        case "number":
            return message.number
        case "text":
            return message.text
        case "time":
            return moment(message.time)
        case kind:
            raise ValueError(f"a value of the kind {kind} passed the validation")
