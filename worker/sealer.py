"""Seals the audit log each second, and lets the checkpoints leave the database."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from campaigns.audit import anchors, sealing
from campaigns.audit.sealing import Reach
from database.session import Database
from worker import outages

PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
"""Longest pause while the database is away."""
AT_ONCE = 20_000
"""Lines in one transaction."""
log = logging.getLogger(__name__)


def run(database: Database, stop: Event, *, anchor: Path | None) -> None:
    """Until told to stop: one sealer works and any other stands by, whichever is quicker."""
    pause, reach = PAUSE_SECONDS, None
    while not stop.wait(pause):
        try:
            reach = seal(database, reach, now=datetime.now(UTC))
            if anchor is not None:
                export(database, anchor)
            pause = PAUSE_SECONDS
        except Exception as error:  # noqa: BLE001 - logged, with its traceback where it is a defect
            # Lines wait unsealed, which a verification reports, and nothing else waits for the sealer.
            pause = min(2 * pause, PATIENCE_SECONDS)
            outages.note(log, error, "sealer: it waits", pause)


def seal(database: Database, reach: Reach | None, *, now: datetime, limit: int = AT_ONCE) -> Reach | None:
    """Seal all that can be sealed, batch by batch; how far that reaches."""
    while True:
        with database.writing() as transaction:
            batch = sealing.seal_batch(transaction, reach, limit=limit, now=now)
        reach = batch.reach
        if batch.checkpoint is None:
            return reach
        log.info("audit checkpoint %s", anchors.written(batch.checkpoint))


def export(database: Database, path: Path) -> None:
    """Bring the file of checkpoints up to date."""
    with database.reading() as snapshot:
        while anchors.add_missing(snapshot, path):
            pass
