"""A worker goes on whichever of its processes the kernel takes, also one that waits for work."""

from datetime import UTC, datetime

from audit_log import sealed, write_lines
from campaign_factories import make_cause
from killable import children, kill_forks
from worker_processes import relaying, wait_for, wait_until_done, worker

from campaigns.audit import verification
from database.session import Database
from database.work import broker
from database.work.operations import Operation


def begin(database: Database) -> Operation:
    with database.writing() as transaction:
        return verification.begin(transaction, make_cause(datetime.now(UTC)), from_seq=1)


def test_a_process_that_is_killed_while_it_waits_takes_no_work_with_it(database: Database, database_url: str) -> None:
    write_lines(database, 3)
    sealed(database)
    broker.install(database_url)
    states, victims = [], set[int]()

    with relaying(database, database_url), worker(database_url) as running:
        for _ in range(2):
            states.append(wait_until_done(database, begin(database), seconds=40).state)
            wait_for(lambda: bool(children(running.pid)))
            victims |= kill_forks(running.pid)
        states.append(wait_until_done(database, begin(database), seconds=40).state)

    assert states == ["SUCCEEDED"] * 3
    assert len(victims) >= 2
