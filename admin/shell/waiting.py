"""Waiting for bulk work, with a progress bar on a terminal."""

import time

from admin.shell.output import emit, fail, progress_bar
from admin.shell.transactions import reading
from campaigns.work import jobs
from database.work import operations
from database.work.operations import Operation

LOOK_SECONDS = 0.3


def waited(operation_id: str | None, database_url: str | None) -> Operation:
    """The work when it is over, the newest where none is named."""
    with progress_bar() as bar:
        shown = bar.add_task("Looking", total=None)
        while not (operation := looked_up(operation_id, database_url)).done:
            bar.update(shown, description=operation.kind, completed=operation.done_count, total=operation.total_count)
            time.sleep(LOOK_SECONDS)
    return operation


def refuse_unfinished(operation: Operation) -> None:
    """The end of the command, unless the work was done."""
    if operation.state != operations.SUCCEEDED:
        fail(f"{operation.name} ended as {operation.state}: {operation.error or 'it was cancelled'}")


def show_begun(operation: Operation, *, title: str, as_json: bool) -> None:
    """What is under way: its id, for `tierwise job`, and its state."""
    emit({"operation_id": operation.operation_id, "state": operation.state}, as_json=as_json, title=title)


def succeeded(
    operation: Operation, database_url: str | None, *, wait: bool, title: str, as_json: bool
) -> Operation | None:
    """What has just begun, when it is done; None for whoever does not wait, who is told that it is under way."""
    if not wait:
        show_begun(operation, title=title, as_json=as_json)
        return None
    done = waited(operation.operation_id, database_url)
    refuse_unfinished(done)
    return done


def looked_up(operation_id: str | None, database_url: str | None) -> Operation:
    """As it stands; the newest where none is named."""
    with reading(database_url) as snapshot:
        if operation_id is not None:
            return jobs.get(snapshot, operation_id)
        newest = operations.page(snapshot, limit=1)
    if not newest:
        fail("there is no job yet: `tierwise job rescore` begins one")
    return newest[0]
