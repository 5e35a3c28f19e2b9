"""Who acts on the command line: the person logged in, or whom they say; and what their role includes."""

import getpass
import pwd

import pytest
from made.campaigns import audit_lines, counts
from running.shell import Shell

from database.audit import log
from database.session import Database
from settings import settings

CREATE = ("campaign", "create", "spring", "--name", "Spring", "--offer", "HIGH:20%:ON_SITE", "--currency", "GBP")


@pytest.fixture
def tierwise(database_url: str) -> Shell:
    return Shell(database_url)


def last_actor(database: Database) -> str:
    with database.reading() as snapshot:
        return log.page(snapshot, limit=1)[0].actor


def test_the_person_logged_in_acts_as_an_operator(database: Database, tierwise: Shell) -> None:
    tierwise(*CREATE)

    assert last_actor(database) == f"operator:{getpass.getuser()}"


def test_another_actor_is_named_for_one_command_or_for_all(
    database: Database, tierwise: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    tierwise("--as", "anna:marketer", *CREATE)
    assert last_actor(database) == "marketer:anna"

    monkeypatch.setenv("TIERWISE_ACTOR", "zoe:approver")
    settings.cache_clear()
    assert "approver:zoe may not do this" in tierwise.refusal("campaign", "launch", "spring")
    assert "CAMPAIGN_NOT_MOVABLE" in tierwise.refusal("--as", "ben:marketer", "campaign", "resume", "spring")
    settings.cache_clear()


def test_a_role_is_refused_what_is_not_its_own(database: Database, tierwise: Shell) -> None:
    said = tierwise.refusal("--as", "ana:analyst", *CREATE)

    assert "PERMISSION_DENIED: analyst:ana may not do this; it takes the role marketer or operator" in said
    assert counts(database, "campaigns") == (0,)
    assert audit_lines(database) == [("campaigns.create", "campaigns/spring", "DENIED")]
    assert last_actor(database) == "analyst:ana"


@pytest.mark.parametrize("typed", ["anna", ":marketer", "anna:", "anna:boss", "beat:process"])
def test_nobody_is_refused_with_the_syntax(database: Database, tierwise: Shell, typed: str) -> None:
    said = tierwise.refusal("--as", typed, *CREATE)

    assert f"--as {typed}: give name:role, such as anna:marketer" in said
    assert counts(database, "campaigns", "audit_log") == (0, 0)


def test_an_account_without_a_name_is_asked_who_acts(
    database: Database, tierwise: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless(_number: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nameless)

    assert "has no name here: say who acts by --as or TIERWISE_ACTOR" in tierwise.refusal(*CREATE)

    tierwise("--as", "anna:marketer", *CREATE)
    assert last_actor(database) == "marketer:anna"
