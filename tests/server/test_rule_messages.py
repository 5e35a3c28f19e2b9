"""A rule comes back from the wire as it went, and what the wire refuses, `rules.check` refuses too."""

import pytest
from google.protobuf import json_format
from hypothesis import given
from made.rules import rules
from tierwise.v1 import rule_pb2

from rules.rule import Compare, Every, InSegment, Not, Operator, Rule, Within
from server.segments.rules import rule_message, rule_value
from server.wire.validation import VALIDATOR


def written(data: dict[str, object]) -> rule_pb2.Rule:
    return json_format.ParseDict(data, rule_pb2.Rule())


@given(rule=rules(6))
def test_a_rule_comes_back_as_it_went_through_messages_that_are_valid(rule: Rule) -> None:
    message = rule_pb2.Rule.FromString(rule_message(rule).SerializeToString())

    assert VALIDATOR.collect_violations(message) == []
    back = rule_value(message)
    assert back == rule
    assert repr(back) == repr(rule), "1, 1.0 and True are equal and mean different types"


def test_a_rule_as_a_client_writes_it() -> None:
    parts = [
        {"compare": {"fact": "orders_90", "operator": "AT_LEAST", "value": {"whole": 3}}},
        {"negated": {"in_segment": "segments/loyal"}},
        {"within": {"fact": "country", "values": [{"text": "DE"}, {"text": "at"}]}},
    ]

    assert rule_value(written({"every": {"rules": parts}})) == Every(
        (
            Compare("orders_90", Operator.AT_LEAST, 3),
            Not(InSegment("loyal")),
            Within("country", ("DE", "AT")),
        )
    )


@pytest.mark.parametrize(
    ("half", "field"),
    [
        ({}, ""),
        ({"every": {}}, "rules"),
        ({"negated": {}}, "negated"),
        ({"in_segment": "loyal"}, "in_segment"),
        ({"compare": {"fact": "orders", "value": {"whole": 1}}}, "operator"),
        ({"compare": {"fact": "orders", "operator": "EQUALS"}}, "value"),
        ({"compare": {"fact": "churn", "operator": "AT_MOST", "value": {"number": "NaN"}}}, "number"),
        ({"within": {"fact": "country", "values": [{"text": str(number)} for number in range(1001)]}}, "values"),
    ],
)
def test_half_a_rule_is_refused(half: dict[str, object], field: str) -> None:
    violations = VALIDATOR.collect_violations(written(half))

    assert violations
    assert field in str(violations[0].proto.field)
