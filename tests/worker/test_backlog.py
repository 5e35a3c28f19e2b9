"""However much work waits, the clock is heard."""

from datetime import UTC, datetime, timedelta

from made.campaigns import begin_launch, create_campaign, store_scores
from running.worker_processes import relaying, wait_for, worker

from database.session import Database
from database.work import broker, operations, outbox
from database.work.operations import LAUNCH_CAMPAIGN, RECONCILE_LEDGERS
from settings import Settings
from worker.app import make_app
from worker.clock.schedule import TICK

CUSTOMERS = [f"c{number:03}" for number in range(100)]
LAUNCHES = 4


def test_a_tick_waits_for_none_of_the_work_that_came_before_it(database: Database, database_url: str) -> None:
    store_scores(database, dict.fromkeys(CUSTOMERS, 9000))
    for number in range(LAUNCHES):
        create_campaign(database, f"c{number}")
        begin_launch(database, f"c{number}")
    broker.install(database_url)
    with relaying(database, database_url):
        wait_for(lambda: _waiting(database) == 0)
        with make_app(Settings(), database_url) as app:
            app.send_task(TICK)
        due = (datetime.now(UTC) - timedelta(minutes=1)).time().isoformat()
        slow = {"TIERWISE_ISSUE_CHUNK": "1", "TIERWISE_TASK_SECONDS": "0.2", "TIERWISE_RECONCILE_AT": due}
        with worker(database_url, **slow):
            wait_for(lambda: _begun(database, RECONCILE_LEDGERS) == 1)
            before = _begun(database, LAUNCH_CAMPAIGN)

    assert before < LAUNCHES


def _waiting(database: Database) -> int:
    with database.reading() as snapshot:
        return outbox.waiting(snapshot)


def _begun(database: Database, kind: str) -> int:
    """How many operations of a kind a worker has taken up, or has itself written down."""
    with database.reading() as snapshot:
        found = operations.under_way(snapshot, kind)
    return sum(operation.cursor is not None or kind == RECONCILE_LEDGERS for operation in found)
