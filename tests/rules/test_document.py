"""Documents: what is written is what is read, and what is unclear is refused."""

import json
from datetime import UTC, datetime, timedelta, timezone
from time import process_time

import pytest
import yaml
from hypothesis import example, given
from made.rules import rules

from rules.check import InvalidRule
from rules.document import from_data, parse, to_data, to_yaml
from rules.rule import Compare, Every, InSegment, IsKnown, Not, Operator, Rule, Some, Within

EXAMPLE = """
every:
  - compare: {fact: orders_90, operator: at_least, value: 3}
  - not: {compare: {fact: consented_channels, operator: contains, value: email}}
  - within: {fact: country, values: [DE, AT]}
  - some: [{in_segment: spring-buyers}, {is_known: last_category}]
"""


def whole(digits: str, fact: str = "orders") -> str:
    return f'{{"compare": {{"fact": "{fact}", "operator": "less_than", "value": {digits}}}}}'


def since(time: str) -> str:
    return f"compare: {{fact: customer_since, operator: less_than, value: {time}}}"


def refused(text: str) -> str:
    with pytest.raises(InvalidRule) as raised:
        parse(text)
    return str(raised.value)


def test_a_document_is_read_as_it_is_written() -> None:
    assert parse(EXAMPLE) == Every(
        (
            Compare("orders_90", Operator.AT_LEAST, 3),
            Not(Compare("consented_channels", Operator.CONTAINS, "email")),
            Within("country", ("DE", "AT")),
            Some((InSegment("spring-buyers"), IsKnown("last_category"))),
        )
    )


@given(rule=rules(6))
@example(rule=Within("country", ("\x85", "a\x85b", "a\u2028b", "a\u2029", "a\nb\n", "\ufeff")))
def test_every_rule_comes_back_from_yaml_and_from_json(rule: Rule) -> None:
    assert parse(to_yaml(rule)) == rule
    assert parse(json.dumps(to_data(rule))) == rule
    assert from_data(json.loads(json.dumps(to_data(rule)))) == rule


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T08:00:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("'2026-01-31T08:00:00+09:00'", datetime(2026, 1, 31, 8, tzinfo=timezone(timedelta(hours=9)))),
        ("'2026-01-31'", datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_times_with_and_without_quotes(written: str, moment: datetime) -> None:
    rule = parse(f"compare: {{fact: customer_since, operator: less_than, value: {written}}}")

    assert rule == Compare("customer_since", Operator.LESS_THAN, moment)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a condition is a mapping with one key out of every, some, not, compare,"),
        ("compare: {fact: country, operator: equals, value: NO}", "compare.value: must be text: put it in quotes; fo"),
        ("within: {fact: country, values: [DE, 2026-01-01]}", "within.values[1]: must be one value, put in quotes if"),
        ("within: {fact: country, values: DE}", "within.values: must be a list of values; found 'DE'"),
        ("compare: {fact: orders, operator: '>=', value: 1}", "compare.operator: there is no operator '>=': use one "),
        ("compare: {fact: orders, operator: atleast, value: 1}", "compare.operator: there is no operator 'atleast': "),
        ("compare: {fact: orders, value: 1}", "compare: needs exactly the keys fact, operator, value; found the keys"),
        ("compare: 3", "compare: needs exactly the keys fact, operator, value; found 3"),
        ("all: [{is_known: tier}]", "all: there is no condition 'all': use one of"),
        ("every: {is_known: tier}", "every: must be a list of conditions; found a mapping"),
        ("every:\n  -\n", "every[0]: a condition is a mapping with one key out of"),
        ("every: [{is_known: tier, in_segment: x}]", "every[0]: a condition is a mapping with one key out of every, s"),
        ("is_known: 7", "is_known: must be text: put it in quotes; found 7"),
        ("1: 2", "must be text: put it in quotes; found 1"),
        ("is_known: tier\nis_known: zone", "the key 'is_known' stands twice in one mapping"),
        ('{"is_known": "tier", "is_known": "zone"}', "the key 'is_known' stands twice in one mapping"),
        ("compare: {fact: customer_since, operator: less_than, value: 2026-01-31 08:00:00}", "compare.value: must be"),
        ("compare: {fact: customer_since, operator: less_than, value: soon}", "compare.value: must be a time with it"),
        ('{"compare": {"fact": "churn", "operator": "less_than", "value": NaN}}', "compare.value: must lie between"),
        ("compare: {fact: orders, operator: less_than, value: 010}", "cannot be read as YAML: whole numbers have dec"),
        ("compare: {fact: orders, operator: less_than, value: 1:30}", "cannot be read as YAML: whole numbers have dec"),
        ("is_known: 0x" + "f" * 5000, "cannot be read as YAML: whole numbers have decimal digits only"),
        (whole("9" * 401, "churn"), "compare.value: must lie between"),
        (whole("9" * 5000), "cannot be read as YAML: Exceeds the limit"),
        (since("0001-01-01T00:00:00+10:00"), "compare.value: must be a time with its zone"),
        (since("9999-12-31T23:59:59-10:00"), "compare.value: must be a time with its zone"),
        ("every: [", "is neither JSON nor YAML: while parsing"),
        ("every: !!python/object:os.system []", "is neither JSON nor YAML: could not determine a constructor"),
        ("&a {not: *a}", "is neither JSON nor YAML: found unconstructable recursive node"),
        ("is_known: 2026-99-99", "cannot be read as YAML: month must be in 1..12"),
        ("[" * 100_000, "is nested deeper than 6 levels"),
        ('{"not":' * 50_000, "is nested deeper than 6 levels"),
        ("- " * 10_000, "is nested deeper than 6 levels"),
        ("x" * 500_001, "the document has more than 500,000 characters"),
    ],
)
def test_what_is_unclear_is_refused_with_its_place(text: str, message: str) -> None:
    assert refused(text).startswith(message)


def test_a_document_that_unfolds_without_end_stops_at_the_limit() -> None:
    ten = "&ten {every: [&one {is_known: tier}" + ", *one" * 9 + "]}"
    hundred = "&hundred {every: [" + ten + ", *ten" * 9 + "]}"

    assert refused("every: [" + hundred + ", *hundred" * 9 + "]") == (
        "the rule has more than 64 conditions: save a part of it as a segment"
    )


def test_depth_is_refused_while_reading() -> None:
    assert refused("{not: " * 7 + "{is_known: tier}" + "}" * 7) == (
        "not.not.not.not.not.not: is nested deeper than 6 levels: save the inner part as a segment"
    )


def test_a_document_that_is_nested_without_end_ends_no_process() -> None:
    assert refused("- " * 150_000) == "is nested deeper than 6 levels: save the inner part as a segment"


def test_a_large_document_is_read_by_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five times as fast as the scanner that is written in Python."""
    text = "\n".join(["within:", "  fact: country", "  values:", *(f"  - C{number}" for number in range(4_000))])
    monkeypatch.delattr("yaml.scanner.Scanner.fetch_more_tokens")
    with pytest.raises(AttributeError, match="fetch_more_tokens"):
        yaml.safe_load(text)

    assert refused(text).startswith("within.values: needs 1 to 1,000 values")


@pytest.mark.parametrize("country", ["gb", "Gb", "GB"])
def test_a_code_of_a_country_is_one_however_it_is_written(country: str) -> None:
    equal = parse(f"compare: {{fact: country, operator: equals, value: {country}}}")

    assert equal == Compare("country", Operator.EQUALS, "GB")
    assert from_data({"within": {"fact": "country", "values": [country, "France"]}}) == Within(
        "country", ("GB", "France")
    )


def test_a_document_of_very_many_keys_is_refused_at_once() -> None:
    """Looking for each key among all others took a minute."""
    text = json.dumps({str(number): 1 for number in range(40_000)})
    begun = process_time()

    assert "a condition is a mapping with one key" in refused(text)
    assert process_time() - begun < 5
