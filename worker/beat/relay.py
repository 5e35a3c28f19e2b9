"""From the outbox to the broker, and from silence back to work: what makes bulk work happen once it is written down."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from campaigns.work import jobs
from database.session import Database
from database.work import operations, outbox
from worker.beat.outages import PacedOutage

LEASE = timedelta(seconds=15)
"""How long a relay that died keeps its share."""
PAUSE_SECONDS = 0.2
PATIENCE_SECONDS = 10.0
"""Longest pause while broker or database are away."""
log = logging.getLogger(__name__)

Send = Callable[[str, Mapping[str, Any]], object]
"""Gives a task to the broker; returns when the broker has it."""


class NotTaken(Exception):
    """By the broker, which is told."""


def run(database: Database, send: Send, stop: Event, *, revive_seconds: float) -> None:
    """Until told to stop: hand over what is written down, revive what has gone silent."""
    outage, of_broker = (
        PacedOutage(log, f"relay: {what} away", pause=PAUSE_SECONDS, longest=PATIENCE_SECONDS)
        for what in ("database", "broker")
    )

    def send_and_tell(task: str, arguments: Mapping[str, Any]) -> None:
        try:
            send(task, arguments)
        except Exception as error:
            of_broker.note(error)
            raise NotTaken from error
        # Not where there was nothing to send: another relay may hold what this one could not hand over.
        of_broker.over()

    while not stop.wait(max(outage.pause, of_broker.pause)):
        # Whatever is away may come back, and all bulk work waits for the relay.
        with outage, suppress(NotTaken):
            now = datetime.now(UTC)
            revive(database, now=now, silence=timedelta(seconds=revive_seconds))
            while hand_over(database, send_and_tell, now=now):
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
