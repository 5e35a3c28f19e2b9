"""`tierwise rules` as people and programs call it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner, Result

from admin.commands.rules import app
from database.audiences.tables import CustomerFactsRow
from database.customers.tables import CustomerRow
from database.session import Database

RULE = "every: [{compare: {fact: orders_90, operator: at_least, value: 3}}, {within: {fact: country, values: [DE]}}]"


@pytest.fixture
def rule(tmp_path: Path) -> str:
    path = tmp_path / "rule.yaml"
    path.write_text(RULE)
    return str(path)


@pytest.fixture
def url(database: Database, database_url: str) -> str:
    """Anna ordered often and is French; Ben ordered as often and is German; of Cem nothing was refreshed."""
    rows = [
        {"customer_id": name, "as_of": datetime(2026, 3, 1, tzinfo=UTC), "orders_90": 4, "country": country}
        for name, country in (("anna", "FR"), ("ben", "DE"))
    ]
    with database.writing() as transaction:
        transaction.execute(insert(CustomerFactsRow), rows)
        transaction.execute(insert(CustomerRow).values(customer_id="cem", country="DE"))
    return f"--database-url={database_url}"


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=text)


def answer(*arguments: str) -> object:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_good_rule_is_measured(rule: str) -> None:
    assert answer("check", rule) == {
        "valid": True, "conditions": 3, "depth": 2,
        "sentence": 'bought at least 3 times in the last 90 days and lives in country "DE"',
    }  # fmt: skip


def test_a_bad_rule_is_refused_with_its_places() -> None:
    result = run(
        "check", "-", "--json", text="every: [{is_known: x}, {compare: {fact: orders, operator: equals, value: a}}]"
    )

    assert result.exit_code == 2
    problems = json.loads(result.stdout)["problems"]
    assert [problem["path"] for problem in problems] == ["every[0].is_known", "every[1].compare.value"]
    told = run("check", "-", text="is_known: teir")
    assert told.exit_code == 2
    assert "did you mean tier" in told.stderr
    assert run("check", "nowhere.yaml").exit_code == 2


def test_sentences_in_two_languages(rule: str) -> None:
    assert run("sentence", rule, "--language", "zh").stdout == '最近90天下单至少3次，且国家为"DE"\n'
    assert answer("sentence", rule) == {
        "language": "en", "sentence": 'bought at least 3 times in the last 90 days and lives in country "DE"',
    }  # fmt: skip


def test_who_is_out_is_told_why(rule: str, url: str) -> None:
    assert answer("explain", rule, "--customer", "anna", url) == {
        "customer_id": "anna", "as_of": "2026-03-01T00:00:00+00:00", "in": False,
        "because": [
            {
                "path": "every[1].within", "holds": False,
                "reason": 'does not live in country "DE": it is "FR"',
            }
        ],
    }  # fmt: skip
    assert "every[1].within" in run("explain", rule, "--customer", "anna", url).stdout


def test_facts_can_be_worked_out_on_the_spot(rule: str, url: str) -> None:
    stored = run("explain", rule, "--customer", "cem", url)
    fresh = answer("explain", rule, "--customer", "cem", "--fresh", url)

    assert stored.exit_code == 2
    assert "--fresh" in stored.stderr
    assert isinstance(fresh, dict)
    assert fresh["because"] == [
        {
            "path": "every[0].compare", "holds": False,
            "reason": "did not buy at least 3 times in the last 90 days: it is 0 times",
        }
    ]  # fmt: skip


def test_customers_are_counted_exactly_or_from_a_sample(rule: str, url: str) -> None:
    assert answer("count", rule, url) == {"count": 1}
    assert answer("count", rule, "--estimate", url) == {"count": 1, "low": 1, "high": 1, "sampled_share": 1.0}


def test_a_count_and_an_explanation_say_that_nothing_was_taught_yet(url: str, tmp_path: Path) -> None:
    path = tmp_path / "worth-it.yaml"
    path.write_text("compare: {fact: expected_uplift, operator: at_least, value: 0.02}")
    note = "No past campaign has taught yet what an offer changes: expected_uplift is known of nobody."

    assert answer("count", str(path), url) == {"count": 0, "note": note}
    explained = answer("explain", str(path), "--customer", "anna", url)
    assert isinstance(explained, dict)
    assert (explained["in"], explained["note"]) == (False, note)


def test_a_segment_that_does_not_exist_is_not_counted_as_nobody(url: str) -> None:
    result = run("count", "-", url, text="not: {in_segment: vip}")

    assert result.exit_code == 2
    assert "not.in_segment: no segments/vip" in result.stderr


def test_facts_are_listed() -> None:
    listed = answer("facts")

    assert isinstance(listed, list)
    assert listed[0] == {
        "fact": "purchase_30", "type": "number", "unit": "share from 0 to 1",
        "description": "the probability to buy within 30 days",
        "operators": "at_least, at_most, differs, equals, less_than, more_than", "values": "",
    }  # fmt: skip
