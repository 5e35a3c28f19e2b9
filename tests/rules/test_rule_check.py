"""What makes no sense is said with its place and the way out."""

from datetime import datetime

import pytest
from hypothesis import given
from made.rules import rules

from rules.check import InvalidRule, check, find_problems
from rules.rule import (
    Compare,
    Every,
    InSegment,
    IsKnown,
    Not,
    Operator,
    Rule,
    Some,
    Value,
    Within,
    segments_named,
    walk,
)

FINE = IsKnown("tier")
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - the missing zone is the point


def problem(rule: Rule) -> str:
    found = list(find_problems(rule))
    assert len(found) == 1
    return str(found[0])


@given(rule=rules())
def test_rules_of_known_facts_and_fitting_values_pass(rule: Rule) -> None:
    check(rule)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Compare("order_90", Operator.AT_LEAST, 3), "compare.fact: there is no fact 'order_90': did you mean orders"),
        (IsKnown("teir"), "is_known: there is no fact 'teir': did you mean tier"),
        (Within("nonsense", ("x",)), "within.fact: there is no fact 'nonsense': use one of average_order, "),
        (
            Compare("tier", Operator.AT_LEAST, "HIGH"),
            "compare.operator: tier is a text and cannot be compared by at_least; use differs, equals",
        ),
        (Every(()), "every: needs at least one condition: an empty list would say everyone or nobody"),
        (Some((FINE, Some(()))), "some[1].some: needs at least one condition"),
        (InSegment("Buyers!"), "in_segment: 'Buyers!' is not a segment id: lower-case letters, digits and hyphens"),
        (Within("churn", (0.5,)), "within.fact: churn is a number, which no list can hold: use compare"),
        (Within("country", ()), "within.values: needs 1 to 1,000 values, has 0"),
        (Within("country", ("DE",) * 1_001), "within.values: needs 1 to 1,000 values, has 1,001: save long lists"),
        (Within("country", ("DE", "")), "within.values[1]: must have 1 to 200 characters; found ''"),
    ],
)
def test_a_problem_names_its_place_and_the_way_out(rule: Rule, message: str) -> None:
    assert problem(rule).startswith(message)


@pytest.mark.parametrize(
    ("fact", "value", "message"),
    [
        ("orders", 2.5, "must be a whole number; found 2.5"),
        ("orders", True, "must be a whole number; found True"),
        ("orders", 2**53 + 1, "must lie between -9007199254740992 and 9007199254740992; found 9007199254740993"),
        ("churn", "0.5", "must be a number; found '0.5'"),
        ("churn", float("nan"), "must lie between -9007199254740992 and 9007199254740992; found nan"),
        ("has_bought", 1, "must be true or false; found 1"),
        ("customer_since", NAIVE, "must be a time with its zone, such as 2026-01-31T08:00:00Z; found datetime"),
        ("country", False, "must be text: put it in quotes; found False"),
        ("country", "x" * 201, "must have 1 to 200 characters; found 'xxx"),
        ("country", "a\x00b", "must not contain NUL or half a character; found"),
        ("country", "\ud83d", "must not contain NUL or half a character; found"),
        ("country", "gb", "must be in capitals, since codes are: 'GB'; found 'gb'"),
        ("tier", "GOLD", "must be one of HIGH, MID, LOW; found 'GOLD'"),
        ("consented_channels", "EMAIL", "must be in lower case: 'email'; found 'EMAIL'"),
    ],
)
def test_a_value_must_be_of_the_facts_type(fact: str, value: Value, message: str) -> None:
    operators = {"consented_channels": Operator.CONTAINS, "customer_since": Operator.AT_LEAST}
    rule = Every((FINE, Not(Compare(fact, operators.get(fact, Operator.EQUALS), value))))

    assert problem(rule).startswith(f"every[1].not.compare.value: {message}")


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InvalidRule) as raised:
        check(Every((IsKnown("x"), Compare("tier", Operator.LESS_THAN, "GOLD"), FINE)))

    assert [each.path for each in raised.value.problems] == [
        "every[0].is_known", "every[1].compare.operator", "every[1].compare.value",
    ]  # fmt: skip


def nested(depth: int) -> Rule:
    rule: Rule = FINE
    for _ in range(depth - 1):
        rule = Not(rule)
    return rule


def test_six_levels_are_the_most() -> None:
    check(nested(6))

    assert problem(nested(7)) == (
        "not.not.not.not.not.not.is_known: is nested deeper than 6 levels: save the inner part as a segment"
    )


def test_sixty_four_conditions_are_the_most() -> None:
    check(Every((FINE,) * 63))

    assert problem(Every((FINE,) * 64)) == ("the rule has more than 64 conditions: save a part of it as a segment")


def test_walking_meets_parents_before_children() -> None:
    rule = Every((Not(InSegment("a")), Some((FINE, InSegment("b")))))

    assert [(place.path, place.depth) for place in walk(rule)] == [
        ("every", 1), ("every[0].not", 2), ("every[0].not.in_segment", 3), ("every[1].some", 2),
        ("every[1].some[0].is_known", 3), ("every[1].some[1].in_segment", 3),
    ]  # fmt: skip
    assert segments_named(rule) == {"a", "b"}
