"""Seals the audit log each second, and lets the checkpoints leave the database."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from campaigns.audit import anchors, sealing
from campaigns.audit.sealing import Reach
from database.session import Database
from worker.beat.outages import PacedOutage

PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
"""Longest pause while the database is away."""
AT_ONCE = 20_000
"""Lines in one transaction."""
log = logging.getLogger(__name__)


def run(database: Database, stop: Event, *, anchor: Path | None) -> None:
    """Until told to stop: one sealer works and any other stands by, whichever is quicker."""
    sealing_outage = PacedOutage(log, "sealer: it waits", pause=PAUSE_SECONDS, longest=PATIENCE_SECONDS)
    anchor_outage = PacedOutage(
        log, f"sealer: {anchor} gets no checkpoints", pause=PAUSE_SECONDS, longest=PATIENCE_SECONDS
    )
    reach = None
    while not stop.wait(sealing_outage.pause):
        # Lines wait unsealed, which a verification reports, and nothing else waits for the sealer.
        with sealing_outage:
            reach = seal(database, reach, now=datetime.now(UTC))
            if anchor is not None:
                with anchor_outage:
                    export(database, anchor)


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
