"""From the outbox to the broker, and from silence back to work: what makes bulk work happen once it is written down."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from campaigns.work import jobs
from database.session import Database
from database.work import operations, outbox
from worker.beat.outages import PacedOutage

LEASE = timedelta(seconds=15)
"""How long a relay that died keeps its share."""
PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 10.0
"""Longest pause while broker or database are away."""
log = logging.getLogger(__name__)

Send = Callable[[str, Mapping[str, Any]], object]
"""Gives a task to the broker; returns when the broker has it."""


def run(database: Database, send: Send, stop: Event, *, revive_seconds: float) -> None:
    """Until told to stop: hand over what is written down, revive what has gone silent."""
    outage = PacedOutage(log, "relay: broker or database away", pause=PAUSE_SECONDS, longest=PATIENCE_SECONDS)
    while not stop.wait(outage.pause):
        # Whatever is away may come back, and all bulk work waits for the relay.
        with outage:
            now = datetime.now(UTC)
            revive(database, now=now, silence=timedelta(seconds=revive_seconds))
            while hand_over(database, send, now=now):
                now = datetime.now(UTC)


def hand_over(database: Database, send: Send, *, now: datetime) -> int:
    """Give the broker up to a hundred tasks; returns how many.

    At least once: a relay that dies between the broker's receipt and our deletion leaves a task that is sent again.
    """
    with database.writing() as transaction:
        entries = outbox.take(transaction, now=now, lease=LEASE)
    sent: list[int] = []
    try:
        for entry in entries:
            send(entry.task, entry.arguments)
            sent.append(entry.outbox_id)
    finally:
        kept = [entry.outbox_id for entry in entries if entry.outbox_id not in sent]
        with database.writing() as transaction:
            outbox.delete_entries(transaction, sent)
            outbox.release(transaction, kept)
    return len(sent)


def revive(database: Database, *, now: datetime, silence: timedelta) -> int:
    """Write down again the running operations without progress for that long; returns how many.

    The broker redelivers what a dead worker held, but a broker can lose its memory, and ours is the one that counts.
    """
    with database.writing() as transaction:
        silent = operations.revive(transaction, silent_since=now - silence, now=now)
        for operation in silent:
            log.warning("relay: %s has been silent for %s: handed to the workers again", operation.name, silence)
            jobs.go_on(transaction, operation, now)
    return len(silent)
