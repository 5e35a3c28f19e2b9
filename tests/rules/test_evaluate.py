"""In or out, and because of what."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.rules import SEGMENTS, people, rules

from rules.evaluate import Reason, Verdict, evaluate
from rules.fact import Facts
from rules.rule import Compare, Every, InSegment, IsKnown, Leaf, Not, Operator, Rule, Some, Within

MAY = datetime(2026, 5, 1, tzinfo=UTC)
ANNA: Facts = {
    "orders_90": 3, "churn": 0.25, "tier": "MID", "has_bought": True, "customer_since": MAY,
    "consented_channels": frozenset({"sms"}), "categories": frozenset(),
}  # fmt: skip


@pytest.mark.parametrize(
    ("leaf", "holds"),
    [
        (Compare("orders_90", Operator.AT_LEAST, 3), True),
        (Compare("orders_90", Operator.MORE_THAN, 3), False),
        (Compare("orders_90", Operator.AT_MOST, 3), True),
        (Compare("orders_90", Operator.LESS_THAN, 3), False),
        (Compare("orders_90", Operator.EQUALS, 3), True),
        (Compare("orders_90", Operator.DIFFERS, 3), False),
        (Compare("churn", Operator.LESS_THAN, 0.3), True),
        (Compare("tier", Operator.DIFFERS, "HIGH"), True),
        (Compare("has_bought", Operator.EQUALS, value=False), False),
        (Compare("customer_since", Operator.LESS_THAN, MAY), False),
        (Compare("consented_channels", Operator.CONTAINS, "sms"), True),
        (Compare("categories", Operator.CONTAINS, "Hats"), False),
        (Within("tier", ("HIGH", "MID")), True),
        (Within("consented_channels", ("email", "sms")), True),
        (Within("categories", ("Hats",)), False),
        (IsKnown("categories"), True),
        (IsKnown("country"), False),
        (InSegment("first"), True),
        (InSegment("second"), False),
    ],
)
def test_a_condition_holds_by_its_operator_and_what_is_known(leaf: Leaf, *, holds: bool) -> None:
    assert evaluate(leaf, ANNA, {"first"}).holds is holds


@pytest.mark.parametrize("operator", [Operator.EQUALS, Operator.DIFFERS])
def test_a_comparison_with_what_is_not_known_is_false_and_its_negation_true(operator: Operator) -> None:
    rule = Compare("country", operator, "DE")

    assert not evaluate(rule, ANNA).holds
    assert evaluate(Not(rule), ANNA).holds
    assert evaluate(rule, ANNA).because == (Reason("compare", rule, holds=False, value=None),)


ORDERED = Compare("orders_90", Operator.AT_LEAST, 1)
GERMAN = Compare("country", Operator.EQUALS, "DE")
HIGH = Compare("tier", Operator.EQUALS, "HIGH")


def paths(rule: Rule) -> tuple[bool, list[str]]:
    verdict = evaluate(rule, ANNA)
    return verdict.holds, [reason.path for reason in verdict.because]


def test_who_is_out_is_told_what_failed() -> None:
    rule = Every((ORDERED, GERMAN, HIGH))

    assert paths(rule) == (False, ["every[1].compare", "every[2].compare"])
    assert evaluate(rule, ANNA).because[1] == Reason("every[2].compare", HIGH, holds=False, value="MID")


def test_who_is_in_is_told_what_held() -> None:
    assert paths(Every((ORDERED, Not(HIGH)))) == (True, ["every[0].compare", "every[1].not.compare"])
    assert paths(Some((HIGH, ORDERED, GERMAN))) == (True, ["some[1].compare"])
    assert paths(Not(Some((HIGH, GERMAN)))) == (True, ["not.some[0].compare", "not.some[1].compare"])


@given(rule=rules(), facts=people(), segments=st.sets(st.sampled_from(SEGMENTS)))
def test_a_double_negation_changes_neither_verdict_nor_reasons(rule: Rule, facts: Facts, segments: set[str]) -> None:
    once, twice = evaluate(rule, facts, segments), evaluate(Not(Not(rule)), facts, segments)

    assert twice.holds is once.holds
    assert evaluate(Not(rule), facts, segments).holds is not once.holds
    assert [reason.leaf for reason in twice.because] == [reason.leaf for reason in once.because]


@given(left=rules(3), right=rules(3), facts=people())
def test_de_morgan_holds_with_facts_missing(left: Rule, right: Rule, facts: Facts) -> None:
    neither = Every((Not(left), Not(right)))

    assert evaluate(Not(Some((left, right))), facts).holds is evaluate(neither, facts).holds


@given(rule=rules(), facts=people(), others=people(), segments=st.sets(st.sampled_from(SEGMENTS)))
def test_the_reasons_suffice(rule: Rule, facts: Facts, others: Facts, segments: set[str]) -> None:
    """Someone else who is alike in the facts that are named gets the same verdict."""
    verdict = evaluate(rule, facts, segments)
    named = {reason.leaf.fact for reason in verdict.because if not isinstance(reason.leaf, InSegment)}
    alike = {name: value for name, value in others.items() if name not in named}
    alike |= {name: value for name, value in facts.items() if name in named}

    assert evaluate(rule, alike, segments).holds is verdict.holds


def test_reasons_of_one_condition_say_its_value() -> None:
    assert evaluate(ORDERED, ANNA) == Verdict(holds=True, because=(Reason("compare", ORDERED, holds=True, value=3),))
