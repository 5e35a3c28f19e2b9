"""`tierwise models results` and `power`."""

from running.shell import Shell
from shops.canary_shop import ACTIVE, CANARY, compare

from database.session import Database


def test_a_canary_is_told_and_how_long_one_must_run(database: Database, database_url: str) -> None:
    tierwise = Shell(database_url)
    compare(database)

    found = tierwise("models", "results", "m2")
    planned = tierwise("models", "power", "--canary-share", "0.5", "--lift", "60")

    assert (found["verdict"], found["against"], found["ended"], found["fault"]) == ("BETTER", "m1", True, None)
    assert found["customers"] == {"canary": len(CANARY), "active": len(ACTIVE)}
    assert found["effects"][0]["canary"] == 90 / len(CANARY)
    assert [each["model"] for each in found["accuracies"]] == ["m2"]
    assert (planned["conversion_days"], planned["lift"]) == (60, 0.6)
    assert "MODEL_NEVER_CANARY" in tierwise.refusal("models", "results", "m1")
    assert "INVALID_STAGE" in tierwise.refusal("models", "power", "--canary-share", "0.7")
