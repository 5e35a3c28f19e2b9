"""`tierwise customer` and `tierwise audit explain`: why somebody got something, and being forgotten."""

import pytest
from made.campaigns import NOW, audit_lines, counts, launch_campaign, make_plan, store_scores
from running.shell import Shell
from sqlalchemy import text

from database.session import Database
from database.work import operations


@pytest.fixture
def tierwise(database: Database, database_url: str) -> Shell:
    """A shop whose campaign reached anna."""
    store_scores(database, {"anna": 9000})
    launch_campaign(database, make_plan())
    return Shell(database_url)


def test_a_decision_is_made_again_and_its_status_says_whether_it_is_the_same(
    database: Database, tierwise: Shell
) -> None:
    asked = ("audit", "explain", "--customer", "anna", "--campaign", "spring")
    same = tierwise(*asked)
    with database.writing() as transaction:
        transaction.execute(text("UPDATE audiences SET arm = 'holdout'"))
    other = tierwise(*asked, status=1)
    with database.writing() as transaction:
        transaction.execute(text("UPDATE audiences SET inputs = NULL"))
    gone = tierwise(*asked, status=2)

    assert (same["verdict"], same["version"], same["frozen"]) == ("SAME", 1, NOW.isoformat())
    assert same["issued"] == same["replayed"] == {
        "exclusion": None, "tier": "HIGH", "group": "offer", "channel": "ON_SITE", "channel_reason": "ORDER",
        "discount": {"kind": "PERCENT", "percent": 10, "maximum_minor": None},
    }  # fmt: skip
    assert (other["verdict"], other["differences"]) == ("DIFFERS", ["group"])
    assert (gone["verdict"], gone["missing"], gone["replayed"]) == (
        "NOT_REPLAYABLE", ["what was read of the customer"], None,
    )  # fmt: skip
    assert "there is no campaigns/none" in tierwise.refusal(*asked[:4], "--campaign", "none")


def test_a_customer_is_erased_twice_and_readmitted_once(database: Database, tierwise: Shell) -> None:
    assert tierwise("customer", "erase", "anna", "--reason", "anna wrote")["state"] == "RUNNING"
    assert tierwise("customer", "erase", "anna")["state"] == "RUNNING"
    assert counts(database, "customers", "coupons") == (0, 1)
    assert "there is no customers/bert" in tierwise.refusal("customer", "erase", "bert")

    assert "still erases customers/anna" in tierwise.refusal("customer", "readmit", "anna")
    with database.writing() as transaction:
        for under_way in operations.under_way(transaction, operations.ERASE_CUSTOMER):
            operations.finish(transaction, under_way.operation_id, {}, NOW)
    assert tierwise("customer", "readmit", "anna")["readmitted"]
    assert "customers/anna was not erased" in tierwise.refusal("customer", "readmit", "anna")
    assert [line[::2] for line in audit_lines(database)[-6:]] == [
        ("customers.erase", "OK"), ("customers.erase", "OK"), ("customers.erase", "DENIED"),
        ("customers.readmit", "DENIED"), ("customers.readmit", "OK"), ("customers.readmit", "DENIED"),
    ]  # fmt: skip
