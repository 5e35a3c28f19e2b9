"""The red button on the command line."""

from made.campaigns import create_campaign
from running.shell import Shell

from database.session import Database


def test_everything_or_one_campaign_is_stopped_and_let_go_on(database: Database, database_url: str) -> None:
    tierwise = Shell(database_url)
    create_campaign(database)

    everything = tierwise("--as", "anna:marketer", "campaign", "stop-everything", "--reason", "prices are wrong")
    one = tierwise("campaign", "stop", "spring", "--reason", "typo")

    assert (everything["stopped"], everything["reason"], everything["by"]) == (
        "everything", "prices are wrong", "marketer:anna",
    )  # fmt: skip
    assert tierwise("campaign", "stops") == [everything, one]
    said = tierwise.refusal("--as", "anna:marketer", "campaign", "allow-everything", "--reason", "fine")
    assert "PERMISSION_DENIED: marketer:anna may not do this; it takes the role approver or operator" in said
    assert tierwise("campaign", "allow-everything", "--reason", "fine") == {"goes_on": "everything"}
    assert tierwise("campaign", "allow", "spring", "--reason", "corrected") == {"goes_on": "spring"}
    assert tierwise("campaign", "stops") == []
    assert "CAMPAIGN_NOT_FOUND" in tierwise.refusal("campaign", "stop", "autumn", "--reason", "typo")
