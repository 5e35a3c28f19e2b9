"""Each night the chain is looked along, piece by piece, and what was found is on record."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from made.audit_log import sealed, tamper, write_lines
from made.campaigns import audit_lines, counts, make_cause, read_operation
from running.verifying import verify_in_the_background

from campaigns.audit import verification
from campaigns.audit.anchors import AnchorsNotUsable
from database.audit.log import Wanted, page
from database.session import Database
from database.work.duties import Duty
from worker.beat import sealer
from worker.clock.schedule import nightly

AT = time(4, 0)
DUE = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def begin(database: Database, *, from_seq: int = 1) -> str:
    with database.writing() as transaction:
        return verification.begin(transaction, make_cause(datetime.now(UTC)), from_seq=from_seq).operation_id


def test_two_clocks_begin_one_look_a_night(database: Database) -> None:
    write_lines(database, 3)
    sealed(database)

    begun = [
        nightly(database, Duty.BEGIN_VERIFICATION, verification.begin_due, at=AT, now=DUE + timedelta(seconds=second))
        for second in (5, 65)
    ]
    late = nightly(database, Duty.BEGIN_VERIFICATION, verification.begin_due, at=AT, now=DUE + timedelta(hours=2))

    assert begun[0] is not None
    assert (begun[0].operation_id, begun[0].total_count) == ("verify-audit-2026-11-21T04-00Z", 3)
    assert (begun[1], late) == (None, None)
    assert counts(database, "operations", "outbox") == (1, 1)


def test_an_intact_chain_is_looked_along_in_pieces(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "PIECE", 2)
    write_lines(database, 5)
    sealed(database)

    done = verify_in_the_background(database, begin(database, from_seq=2))

    assert (done.state, done.done_count, done.total_count, done.cursor) == ("SUCCEEDED", 4, 4, "5")
    assert done.response == {
        "verdict": "INTACT", "checked_count": 4, "seq": None, "audit_id": None, "message": "intact",
    }  # fmt: skip
    assert audit_lines(database)[-1] == ("audit.verify.finish", "audit", "OK")


def test_damage_is_on_record_as_a_failure(
    database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_lines(database, 5)
    sealed(database)
    tamper(database_url, "UPDATE audit_log SET actor = 'operator:nobody' WHERE audit_id = 4")

    done = verify_in_the_background(database, begin(database))

    assert done.response is not None
    assert (done.response["verdict"], done.response["seq"], done.response["checked_count"]) == ("CHANGED", 4, 3)
    with database.reading() as snapshot:
        (line,) = page(snapshot, Wanted(outcome="FAILED"), limit=9)
    assert line.after == {"error": "CHANGED: line 4 is not what was sealed"}
    assert "audit log: CHANGED: line 4 is not what was sealed" in caplog.text


def test_the_configured_anchor_is_compared(database: Database, database_url: str, tmp_path: Path) -> None:
    anchor = tmp_path / "anchors"
    write_lines(database, 4)
    sealed(database, limit=2)
    sealer.export(database, anchor)
    tamper(
        database_url, "UPDATE audit_log SET reason = 'x'", "DELETE FROM audit_seals", "DELETE FROM audit_checkpoints"
    )
    sealed(database, limit=2)

    done = verify_in_the_background(database, begin(database), audit_anchor=str(anchor))

    assert done.response is not None
    assert (done.response["verdict"], done.response["seq"]) == ("REWRITTEN", 2)


def test_an_anchor_that_cannot_be_read_is_no_proof(database: Database, tmp_path: Path) -> None:
    anchor = tmp_path / "anchors"
    anchor.write_text('{"sequence":4}\n')
    operation_id = begin(database)

    with pytest.raises(AnchorsNotUsable):
        verify_in_the_background(database, operation_id, audit_anchor=str(anchor))
    with pytest.raises(FileNotFoundError):
        verify_in_the_background(database, operation_id, audit_anchor=str(tmp_path / "gone"))

    assert read_operation(database, operation_id).state == "RUNNING"


def test_a_look_that_begins_beyond_the_end_finds_a_link_missing(database: Database) -> None:
    done = verify_in_the_background(database, begin(database, from_seq=9))

    assert done.response is not None
    assert (done.response["verdict"], done.response["message"]) == ("MOVED", "link 8 is missing")
