"""Lines are sealed once, in the order of their transactions, however many sealers there are and whenever one dies."""

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

import psycopg
import pytest
from made.audit_log import chain, sealed, tamper, verified, write_lines
from made.campaigns import NOW, counts, make_cause
from running.worker_processes import ROOT, kill, wait_for

from campaigns import trail
from campaigns.audit import anchors, sealing
from campaigns.audit.chain import Mark, Verdict
from database.audit import seals
from database.session import Database
from worker.beat import sealer


def test_lines_are_sealed_in_batches_with_a_checkpoint_each(database: Database, database_url: str) -> None:
    write_lines(database, 5)

    sealed(database, limit=2)

    links = chain(database_url)
    assert [(seq, audit_id) for seq, audit_id, _ in links] == [(number, number) for number in range(1, 6)]
    with database.reading() as snapshot:
        kept = seals.checkpoints(snapshot, after=0, limit=9)
    assert [(each.seq, each.hash, each.time) for each in kept] == [(n, links[n - 1][2], NOW) for n in (2, 4, 5)]
    found = verified(database)
    assert (found.verdict, found.checked_count, found.end) == (Verdict.INTACT, 5, Mark(5, links[-1][2]))


def test_nothing_new_makes_no_checkpoint(database: Database) -> None:
    write_lines(database, 1)
    reach = sealed(database)

    sealed(database, reach)

    assert counts(database, "audit_seals", "audit_checkpoints") == (1, 1)


def test_a_line_waits_for_every_transaction_that_began_before_its_own(database: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as slow:
        slow.execute(
            "INSERT INTO audit_log (time, actor, action, object_name, outcome) VALUES (now(), 'a', 'b', 'slow', 'OK')"
        )
        write_lines(database, 2)
        reach = sealed(database)
        assert counts(database, "audit_seals") == (0,)
        slow.commit()

    sealed(database, reach)

    assert [audit_id for _, audit_id, _ in chain(database_url)] == [1, 2, 3]


def test_what_was_rolled_back_leaves_no_gap_in_the_chain(database: Database, database_url: str) -> None:
    write_lines(database, 1)
    with suppress(KeyboardInterrupt), database.writing() as transaction:
        trail.done(transaction, make_cause(), "a.b", "c")
        raise KeyboardInterrupt
    write_lines(database, 1)

    sealed(database)

    assert [(seq, audit_id) for seq, audit_id, _ in chain(database_url)] == [(1, 1), (2, 3)]
    assert verified(database).verdict is Verdict.INTACT


def test_two_sealers_side_by_side_make_one_chain(database: Database) -> None:
    stop = Event()

    def work() -> None:
        reach = None
        while not stop.is_set():
            reach = sealer.seal(database, reach, now=NOW, limit=3)

    with ThreadPoolExecutor(3) as threads:
        sealers = [threads.submit(work) for _ in range(2)]
        threads.submit(write_lines, database, 40).result()
        stop.set()
        for each in sealers:
            each.result()
    sealed(database)

    found = verified(database)
    assert (found.verdict, found.checked_count) == (Verdict.INTACT, 40)


OURS = ("/sealer.py", "/sealing.py", "/chain.py", "/seals.py", "/anchors.py")


class Killed(BaseException):
    """Stands for a process that is no more."""


def dying_after(lines: int) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that ends the work when so many lines of ours have run."""
    left = lines

    def trace(frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - the type of trace functions
        nonlocal left
        if not frame.f_code.co_filename.endswith(OURS):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise Killed
        return trace

    return trace


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a dead process closes no file
def test_a_sealer_that_dies_at_any_line_leaves_a_good_chain(database: Database, tmp_path: Path) -> None:
    anchor, lines, died = tmp_path / "anchors", 0, True
    while died:
        lines += 1
        with database.writing() as transaction:
            for _ in range(3):
                trail.done(transaction, make_cause(), "a.b", "c")
        sys.settrace(dying_after(lines))
        try:
            seal_and_export(database, anchor)
            died = False
        except Killed:
            sys.settrace(None)
            seal_and_export(database, anchor)
        finally:
            sys.settrace(None)

    assert lines > 50
    assert counts(database, "audit_seals") == counts(database, "audit_log") == (3 * lines,)
    kept = list(anchors.read(anchor))
    assert verified(database, kept).verdict is Verdict.INTACT
    assert [mark.seq for mark in kept] == sorted({mark.seq for mark in kept})


def seal_and_export(database: Database, anchor: Path) -> None:
    sealer.seal(database, None, now=NOW, limit=2)
    sealer.export(database, anchor)


PROGRAM = """
import sys
from threading import Event
from database.session import Database
from worker.beat import sealer
sealer.PAUSE_SECONDS, sealer.AT_ONCE = 0.001, 2
sealer.run(Database.at(sys.argv[1]), Event(), anchor=None)
"""


def has_more_seals(database: Database, *, than: int) -> bool:
    return counts(database, "audit_seals") > (than,)


def test_a_sealer_that_is_killed_is_followed_by_another(database: Database, database_url: str) -> None:
    for place in range(2):
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, database_url], cwd=ROOT, start_new_session=True)
        write_lines(database, 30)
        wait_for(partial(has_more_seals, database, than=30 * place))
        kill(process)
    sealed(database)

    found = verified(database)
    assert (found.verdict, found.checked_count) == (Verdict.INTACT, 60)


def test_the_sealer_outlives_its_database_and_tells_why_in_a_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sealer, "PAUSE_SECONDS", 0.01)
    away = Database.at("postgresql://nobody@127.0.0.1:1/nothing")
    stop = Event()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(sealer.run, away, stop, anchor=None)
        wait_for(lambda: "sealer: it waits" in caplog.text)
        time.sleep(0.05)
        stop.set()
        running.result()
    away.close()
    assert caplog.text.count("sealer: it waits; tried again until it works: OperationalError: connection failed") == 1
    assert "Traceback" not in caplog.text


def test_a_place_for_checkpoints_that_is_missing_is_told_once_and_lines_are_sealed_all_the_while(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sealer, "PAUSE_SECONDS", 0.01)
    folder, stop = tmp_path / "away", Event()
    anchor = folder / "anchors"
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(sealer.run, database, stop, anchor=anchor)
        for place in range(3):
            write_lines(database, 1)
            wait_for(partial(has_more_seals, database, than=place))
        folder.mkdir()
        wait_for(anchor.is_file)
        stop.set()
        running.result()

    told = [record.getMessage() for record in caplog.records if str(anchor) in record.getMessage()]
    what, missing = f"sealer: {anchor} gets no checkpoints", f"[Errno 2] No such file or directory: '{anchor}'"
    assert told == [f"{what}; tried again until it works: FileNotFoundError: {missing}", f"{what}: over"]


def test_lines_from_another_server_are_sealed_and_new_ones_after_them(database: Database, database_url: str) -> None:
    write_lines(database, 4)
    sealed(database, limit=2)
    # As if restored: these numbers belong to a server that had counted far beyond this one.
    tamper(
        database_url,
        "DELETE FROM audit_seals",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_log SET transaction_id = transaction_id + 1000000000 WHERE audit_id <= 3",
    )
    reach = sealed(database, limit=1)
    write_lines(database, 2)

    sealed(database, reach, limit=1)
    write_lines(database, 1)
    sealed(database, None, limit=1)

    assert [audit_id for _, audit_id, _ in chain(database_url)] == [4, 1, 2, 3, 5, 6, 7]
    assert verified(database).verdict is Verdict.INTACT


def test_a_sealer_goes_on_where_the_chain_ends(database: Database) -> None:
    write_lines(database, 3)
    sealed(database)
    write_lines(database, 2)

    with database.writing() as transaction:
        batch = sealing.seal_batch(transaction, None, limit=9, now=NOW)

    assert (batch.count, batch.checkpoint and batch.checkpoint.seq) == (2, 5)


def test_checkpoints_leave_once_each_and_after_a_line_that_was_cut_off(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "anchors"
    write_lines(database, 3)
    sealed(database, limit=1)
    sealer.export(database, file)
    sealer.export(database, file)
    assert [mark.seq for mark in anchors.read(file)] == [1, 2, 3]

    file.write_bytes(file.read_bytes()[:-30])
    sealer.export(database, file)

    assert [mark.seq for mark in anchors.read(file)] == [1, 2, 3]
    assert verified(database, list(anchors.read(file))).verdict is Verdict.INTACT
