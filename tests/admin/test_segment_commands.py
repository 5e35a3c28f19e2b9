"""`tierwise segment` from a rule in a file to its members."""

from pathlib import Path

import pytest
from made.campaigns import audit_lines, read_operation, store_scores
from running.shell import Shell

from campaigns.actor import WORKER, Cause
from campaigns.audiences import segment_building
from database.session import Database

RULE = "compare: {fact: expected_spend, operator: at_least, value: 500}"


@pytest.fixture
def tierwise(database: Database, database_url: str) -> Shell:
    store_scores(database, {"anna": 9000, "bert": 10, "cleo": 700})
    return Shell(database_url)


@pytest.fixture
def rule(tmp_path: Path) -> str:
    path = tmp_path / "rule.yaml"
    path.write_text(RULE)
    return str(path)


def work_off(database: Database, operation_id: str) -> None:
    while not (operation := read_operation(database, operation_id)).done:
        with database.writing() as transaction:
            cause = Cause(actor=WORKER, now=operation.create_time)
            segment_building.step(transaction, operation, cause, limit=2)


def test_a_segment_from_rule_to_members(database: Database, tierwise: Shell, rule: str, tmp_path: Path) -> None:
    created = tierwise("segment", "create", "rich", "--name", "Rich", "--rule", rule)
    assert (created["state"], created["members"]) == ("NEW", None)
    assert created["who"] == "is expected to spend at least 5.00 GBP within 90 days"

    begun = tierwise("segment", "build", "rich")
    assert tierwise("segment", "show", "rich")["state"] == "BUILDING"
    work_off(database, begun["operation_id"])

    shown = tierwise("segment", "show", "rich")
    assert (shown["state"], shown["members"]) == ("READY", 2)
    assert shown["rule"] == {"compare": {"fact": "expected_spend", "operator": "at_least", "value": 500}}
    assert tierwise("segment", "members", "rich") == [{"customer_id": "anna"}, {"customer_id": "cleo"}]
    assert tierwise("segment", "members", "rich", "--after", "anna") == [{"customer_id": "cleo"}]

    narrower = tmp_path / "narrower.yaml"
    narrower.write_text(RULE.replace("500", "800"))
    assert tierwise("segment", "update", "rich", "--name", "Richer")["state"] == "READY"
    assert tierwise("segment", "update", "rich", "--rule", str(narrower), "--etag", "2")["state"] == "STALE"
    assert [row["name"] for row in tierwise("segment", "list")] == ["Richer"]
    assert tierwise("segment", "delete", "rich") == {"segment_id": "rich", "deleted": True}
    assert tierwise("segment", "list") == []


def test_what_is_refused_names_the_place_and_is_on_record(database: Database, tierwise: Shell, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("every: [{compare: {fact: order_90, operator: at_least, value: 3}}]")
    said = tierwise.refusal("segment", "create", "rich", "--name", "Rich", "--rule", str(wrong))
    assert "every[0].compare.fact: there is no fact 'order_90'" in said

    unbuilt = tmp_path / "unbuilt.yaml"
    unbuilt.write_text("in_segment: nobody")
    said = tierwise.refusal("segment", "create", "rich", "--name", "Rich", "--rule", str(unbuilt))
    assert "INVALID_SEGMENT" in said
    assert audit_lines(database)[-1] == ("segments.create", "segments/rich", "DENIED")
    assert "SEGMENT_NOT_FOUND" in tierwise.refusal("segment", "show", "rich")
    assert "SEGMENT_NOT_FOUND" in tierwise.refusal("segment", "members", "rich")
