"""`tierwise audit`: each kind of damage is found, named, and told by the exit status."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from made.audit_log import chain, sealed, tamper, write_lines
from made.campaigns import NOW
from running.shell import Shell
from typer.testing import CliRunner

from admin.command_line import main
from database.session import Database


@pytest.fixture
def tierwise(database_url: str) -> Shell:
    return Shell(database_url)


@pytest.fixture
def written(database: Database) -> Database:
    """Five lines, sealed in batches of two."""
    write_lines(database, 5)
    sealed(database, limit=2)
    return database


def verify(database_url: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit status, and what was printed."""
    result = CliRunner().invoke(main, ["audit", "verify", *options, "--json", "--database-url", database_url])
    return result.exit_code, json.loads(result.stdout)


def test_a_log_that_nobody_touched_is_intact(written: Database, database_url: str) -> None:
    links = chain(database_url)

    status, found = verify(database_url)

    assert (status, found) == (
        0,
        {
            "verdict": "INTACT", "checked": 5, "seq": None, "line": None, "message": "intact", "end_seq": 5,
            "end_hash": links[-1][2].hex(),
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "status", "verdict", "seq", "line"),
    [
        ("UPDATE audit_log SET reason = 'other' WHERE audit_id = 3", 1, "CHANGED", 3, 3),
        ("UPDATE audit_log SET after = '{\"n\": 9}' WHERE audit_id = 5", 1, "CHANGED", 5, 5),
        ("UPDATE audit_log SET time = time + interval '1 microsecond' WHERE audit_id = 1", 1, "CHANGED", 1, 1),
        ("DELETE FROM audit_log WHERE audit_id = 2", 2, "MOVED", 2, 2),
        ("DELETE FROM audit_seals WHERE seq = 2", 2, "MOVED", 3, 3),
        ("DELETE FROM audit_seals WHERE seq = 1", 2, "MOVED", 2, 2),
        (
            "UPDATE audit_seals SET seq = -seq WHERE seq IN (2, 3); UPDATE audit_seals SET seq = 5 + seq WHERE seq < 0",
            2, "MOVED", 2, 3,
        ),
        ("UPDATE audit_seals SET hash = sha256('x') WHERE seq = 5", 1, "CHANGED", 5, 5),
        ("DELETE FROM audit_seals WHERE seq > 3", 3, "REWRITTEN", 4, None),
        ("UPDATE audit_checkpoints SET hash = sha256('x') WHERE seq = 4", 3, "REWRITTEN", 4, None),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("written")
def test_the_first_bad_link_and_its_line_are_named(
    database_url: str, statement: str, status: int, verdict: str, seq: int, line: int | None
) -> None:
    tamper(database_url, statement)

    ended, found = verify(database_url)

    assert (ended, found["verdict"], found["seq"], found["line"]) == (status, verdict, seq, line)


def test_a_chain_that_was_made_anew_is_betrayed_by_the_checkpoints_that_left(
    written: Database, database_url: str, tierwise: Shell, tmp_path: Path
) -> None:
    anchor = tmp_path / "anchors"
    assert tierwise("audit", "export-checkpoints", str(anchor))["added"] == 3
    assert tierwise("audit", "export-checkpoints", str(anchor))["added"] == 0
    assert verify(database_url, "--anchor", str(anchor))[0] == 0

    tamper(
        database_url, "UPDATE audit_log SET actor = 'operator:nobody' WHERE audit_id = 4", "DELETE FROM audit_seals",
        "DELETE FROM audit_checkpoints",
    )  # fmt: skip
    sealed(written, limit=2)

    assert verify(database_url)[0] == 0
    status, found = verify(database_url, "--anchor", str(anchor))
    assert (status, found["verdict"], found["seq"]) == (3, "REWRITTEN", 4)
    assert found["message"] == "a checkpoint knows another hash at 4"


def test_an_end_that_was_cut_off_is_betrayed_too(written: Database, database_url: str, tmp_path: Path) -> None:
    anchor = tmp_path / "anchors"
    Shell(database_url)("audit", "export-checkpoints", str(anchor))
    tamper(
        database_url, "DELETE FROM audit_log WHERE audit_id > 3", "DELETE FROM audit_seals WHERE seq > 3",
        "DELETE FROM audit_checkpoints WHERE seq > 3",
    )  # fmt: skip

    assert verify(database_url)[0] == 0
    status, found = verify(database_url, "--anchor", str(anchor))
    assert (status, found["seq"], found["message"]) == (3, 4, "the chain ends at 3, a checkpoint knows of 4")


def test_lines_that_nobody_seals_are_reported_after_a_while(written: Database, database_url: str) -> None:
    write_lines(written, 1)
    write_lines(written, 1, now=datetime.now(UTC))

    status, found = verify(database_url)
    assert (status, found["verdict"], found["line"]) == (4, "UNSEALED", 6)
    assert found["message"].startswith("1 lines older than ")
    assert verify(database_url, "--unsealed-after", str((datetime.now(UTC) - NOW).total_seconds() + 60))[0] == 0


def test_a_look_can_begin_further_on(written: Database, database_url: str) -> None:
    tamper(database_url, "UPDATE audit_log SET reason = 'other' WHERE audit_id = 2")

    assert verify(database_url)[0] == 1
    assert verify(database_url, "--from-seq", "3")[1]["checked"] == 3
    assert verify(database_url, "--from-seq", "9")[1]["message"] == "link 8 is missing"


def test_a_file_that_is_none_of_checkpoints_is_refused_by_its_line(
    written: Database, tierwise: Shell, tmp_path: Path
) -> None:
    anchor = tmp_path / "anchors"
    tierwise("audit", "export-checkpoints", str(anchor))
    anchor.write_text(anchor.read_text() + '{"sequence":4}\n')

    said = tierwise.refusal("audit", "verify", "--anchor", str(anchor))

    assert f"{anchor}, line 4: expected a checkpoint such as" in said
    assert "expected a checkpoint" in tierwise.refusal("audit", "export-checkpoints", str(anchor))


def test_the_log_is_listed_by_each_of_its_sides(written: Database, tierwise: Shell) -> None:
    (line,) = tierwise("audit", "list", "--of", "campaigns/c3")
    assert (line["action"], line["after"], line["revision"], line["basis"]) == (
        "campaigns.update",
        {"n": 3},
        None,
        None,
    )
    assert len(tierwise("audit", "list", "--action", "campaigns.update", "--until", "2026-11-20T12:00:01")) == 5
    assert tierwise("audit", "list", "--since", "2026-11-20T12:00:01") == []
    assert tierwise("audit", "list", "--outcome", "DENIED") == []
    assert "--since yesterday" in tierwise.refusal("audit", "list", "--since", "yesterday")
