"""How a command of operators opens its one transaction, and what becomes of a refusal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from admin.shell.cause import cause_of_person
from admin.shell.database_address import chosen_url
from admin.shell.output import fail
from campaigns import trail
from campaigns.actor import Cause
from campaigns.callers import access
from campaigns.errors import Refusal
from database.session import Database, Snapshot, Transaction

Limit = Annotated[int, typer.Option(min=1, max=1000, help="Most lines to show.")]
Reason = Annotated[str | None, typer.Option(help="Why, for the audit log.")]
Etag = Annotated[str | None, typer.Option(help="Refuse if another change came since this one was read.")]


@contextmanager
def reading(database_url: str | None) -> Iterator[Snapshot]:
    """One snapshot; a refusal ends the command with its message."""
    database = Database.at(chosen_url(database_url), pool_size=1)
    try:
        with database.reading() as snapshot:
            yield snapshot
    except Refusal as refusal:
        fail(_told(refusal))
    finally:
        database.close()


@contextmanager
def changing(
    database_url: str | None, reason: str | None, *, action: str, object_name: str
) -> Iterator[tuple[Transaction, Cause]]:
    """One transaction on behalf of whoever acts, if `action` is theirs; a refusal is on record and ends the command."""
    database = Database.at(chosen_url(database_url), pool_size=1)
    try:
        with recorded(database, cause_of_person(reason), action=action, object_name=object_name) as change:
            yield change
    except Refusal as refusal:
        fail(_told(refusal))
    finally:
        database.close()


@contextmanager
def recorded(database: Database, cause: Cause, *, action: str, object_name: str) -> Iterator[tuple[Transaction, Cause]]:
    """One transaction for an action that is the actor's to take; a refusal is on record before it goes on."""
    try:
        access.check(cause.actor, access.ACTIONS[action])
        with database.writing() as transaction:
            yield transaction, cause
    except Refusal as refusal:
        with database.writing() as transaction:
            trail.denied(transaction, cause, action, object_name, refusal)
        raise


def _told(refusal: Refusal) -> str:
    return f"{refusal.reason}: {refusal.message}"
