"""The rule builder gives back the rule that it shows, and loses none that it cannot show."""

from datetime import UTC, datetime
from typing import Any

import pytest
from form_reader import sent
from hypothesis import example, given
from hypothesis import strategies as st
from made.rules import rules

from admin.web import rule_builder
from admin.web.forms import rule_tree
from admin.web.forms.fact_values import choices_of
from admin.web.forms.rule_tree import FIRST, Condition, Group, Mode, compiled, pressed, read, shown
from admin.web.forms.typed import Fault
from admin.web.look import environment
from rules.check import find_problems
from rules.document import parse, to_yaml
from rules.facts import FACTS
from rules.rule import Compare, Every, InSegment, IsKnown, Not, Operator, Rule, Some, Within, walk
from rules.sentence import Language

TEMPLATE = environment(Language.ENGLISH).get_template("rule_builder.html")
CURRENCIES = st.sampled_from(["GBP", "JPY", "KWD"])


def drawn(rule: Rule | None, currency: str = "GBP") -> str:
    """The builder as the page has it."""
    written = rule_builder.of_rule(rule, currency)
    offered = {"segments": [], "categories": [], "needed": False}
    builder: dict[str, Any] = rule_builder.parts(currency, written) | offered
    return TEMPLATE.render(written=written, builder=builder, errors={}, path="/here")


def odd(rule: Rule) -> bool:
    """What the builder is not made for: doubled negations, texts with margins, sets out of order, parts of a second."""
    for place in walk(rule):
        match place.node:
            case Not(Not()):
                return True
            case Compare(_, _, str() as text) if text != text.strip() or "\n" in text or "\r" in text:
                return True
            case Within(name, values) if _odd_list(name, values):
                return True
            case Compare(_, _, datetime() as time) if time.microsecond:
                return True
            case _:
                pass
    return False


def _odd_list(name: str, values: tuple[object, ...]) -> bool:
    texts = [text for text in values if isinstance(text, str)]
    loose = any(text != text.strip() or "\n" in text or "\r" in text for text in texts)
    return loose or (bool(choices_of(FACTS[name])) and len(values) > 1)


@given(rule=rules(), currency=CURRENCIES)
@example(Within("tier", ("HIGH", "LOW")), "GBP")
@example(Compare("churn", Operator.AT_LEAST, 0.07), "GBP")
@example(Compare("spend", Operator.AT_LEAST, 1999), "KWD")
@example(Not(Some((Not(InSegment("first")), Every((IsKnown("country"),))))), "GBP")
def test_a_rule_comes_back_from_its_page_as_it_was(rule: Rule, currency: str) -> None:
    fields = sent(drawn(rule, currency))

    if "document" in fields:
        assert odd(rule)
        assert parse(fields["document"][0]) == rule
    else:
        assert compiled(read(fields), currency).rule == rule


@given(rule=rules())
def test_size_and_depth_are_those_that_the_limits_count(rule: Rule) -> None:
    node, places = shown(rule, "GBP"), list(walk(rule))

    if node is not None:
        assert (rule_tree.size(node), rule_tree.depth(node)) == (len(places), max(place.depth for place in places))


@given(rule=rules())
def test_a_problem_is_shown_at_the_row_that_it_names(rule: Rule) -> None:
    node = shown(rule, "GBP")
    if node is None:
        return
    leaves = [place.path for place in walk(rule) if not isinstance(place.node, Every | Some | Not)]

    assert [rule_tree.place_of(path) for path in leaves] == list(rows(node, rule_tree.ROOT))


def rows(node: rule_tree.Node, place: str) -> list[str]:
    if isinstance(node, Condition):
        return [place]
    return [row for number, member in enumerate(node.members) for row in rows(member, f"{place}.{number}")]


def test_rows_are_added_and_removed_where_the_button_stands() -> None:
    one = pressed(None, "add", "r")
    two = pressed(one, "add", "r")
    grouped = pressed(two, "group", "r")
    inner = pressed(grouped, "add", "r.2")

    assert (one, two) == (FIRST, Group(mode=Mode.EVERY, members=(FIRST, FIRST)))
    assert grouped == Group(mode=Mode.EVERY, members=(FIRST, FIRST, Group(mode=Mode.SOME, members=(FIRST,))))
    assert pressed(inner, "remove", "r.2.1") == grouped
    assert pressed(grouped, "remove", "r.2.0") == two
    assert pressed(one, "remove", "r") is None
    assert pressed(two, "remove", "r.7") == two


@given(rule=rules(), verb=st.sampled_from(["add", "group"]), depth=st.integers(0, 3))
def test_a_new_row_is_found_where_the_button_says(rule: Rule, verb: str, depth: int) -> None:
    node, place = shown(rule, "GBP"), "r" + ".0" * depth
    if node is None or not any(row.startswith(place) for row in rows(node, "r")):
        return

    after = pressed(node, verb, place)

    assert after is not None
    found = dict(zip(rows(after, "r"), rule_tree.conditions(after), strict=True))
    assert found[rule_tree.place_of_new(node, verb, place)] == FIRST
    assert len(found) == len(rows(node, "r")) + 1


def test_another_fact_gets_another_row() -> None:
    fields = {"r.was": ["orders_90"], "r.fact": ["tier"], "r.operator": ["at_least"], "r.value": ["3"], "r.not": ["1"]}

    assert read(fields) == Condition(fact="tier", operator="equals", values=("HIGH",), negated=True)


@pytest.mark.parametrize(
    ("fact", "operator", "text", "fault"),
    [
        ("orders", "at_least", "", Fault.EMPTY),
        ("orders", "at_least", "1.5", Fault.WHOLE),
        ("orders", "within", "1\nx", Fault.NUMBER),
        ("spend", "at_least", "1.999", Fault.DECIMALS),
        ("churn", "at_least", "nan", Fault.NUMBER),
        ("churn", "at_least", "1e99", Fault.NUMBER),
        ("customer_since", "at_least", "yesterday", Fault.TIME),
        ("customer_since", "at_least", "0001-01-01T00:00:00+10:00", Fault.TIME),
        ("in_segment", "", "", Fault.EMPTY),
    ],
)
def test_what_means_nothing_is_named_at_its_row(fact: str, operator: str, text: str, fault: Fault) -> None:
    fields = {"r.mode": ["every"], "r.0.fact": ["tier"], "r.0.was": ["tier"], "r.0.value": ["HIGH"]}
    fields |= {"r.1.fact": [fact], "r.1.was": [fact], "r.1.operator": [operator], "r.1.value": [text]}

    found = compiled(read(fields), "GBP")

    assert (found.rule, found.faults) == (None, {"r.1": fault})


def test_units_are_those_that_people_think_in() -> None:
    fields = {"r.mode": ["some"]}
    for number, (fact, text) in enumerate(
        [("churn", "7.5"), ("spend", "12.50"), ("customer_since", "2026-01-31T08:00"), ("expected_uplift", "-2")]
    ):
        fields |= {f"r.{number}.{name}": [fact] for name in ("fact", "was")}
        fields |= {f"r.{number}.operator": ["at_least"], f"r.{number}.value": [text]}

    assert compiled(read(fields), "GBP").rule == Some(
        (
            Compare("churn", Operator.AT_LEAST, 0.075),
            Compare("spend", Operator.AT_LEAST, 1250),
            Compare("customer_since", Operator.AT_LEAST, datetime(2026, 1, 31, 8, tzinfo=UTC)),
            Compare("expected_uplift", Operator.AT_LEAST, -0.02),
        )
    )


@given(
    fields=st.dictionaries(
        st.from_regex(r"\Ar(\.[0-3]){0,8}\.(mode|fact|was|operator|value|not)\Z"),
        st.lists(st.text(max_size=5), max_size=2),
    )
)
def test_whatever_is_sent_becomes_a_tree_or_nothing(fields: dict[str, list[str]]) -> None:
    node = read(fields)
    found = compiled(node, "GBP")

    if found.rule is not None:
        list(find_problems(found.rule))
        assert to_yaml(found.rule)


def test_no_button_leads_beyond_the_limits() -> None:
    inner: Rule = IsKnown("country")
    for _ in range(5):
        inner = Every((inner,))
    deep = drawn(inner)
    wide = drawn(Every(tuple(IsKnown("country") for _ in range(63))))

    assert "add r.0.0.0.0" in deep
    assert "group r.0.0.0.0" not in deep
    assert "6 of 6 levels" in deep
    assert "levels" not in drawn(IsKnown("country")), "limits are told where they are near"
    assert ("add r" in wide, "group r" in wide, "64 of 64 parts" in wide) == (False, False, True)
