"""`tierwise job`: bulk work that runs, ran or shall run."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from admin.shell.transactions import Limit, Reason, changing, reading
from admin.shell.waiting import looked_up, refuse_unfinished, waited
from admin.typed.times import read_time, written
from admin.typed.words import read_word
from campaigns import retrying
from campaigns.coupons import reconciliation
from campaigns.faults import Fault
from campaigns.tiers import rescoring
from campaigns.work import jobs
from database.work import duties, operations
from database.work.duties import Standing
from database.work.operations import Operation

app = typer.Typer(no_args_is_help=True, add_completion=False)
DIFFERENT = 1
"""Exit status when ledgers and counters do not agree; a usage error is 2."""
OperationId = Annotated[str, typer.Argument(help="As `tierwise job list` shows it.")]


@app.command("list")
def list_jobs(
    *,
    limit: Limit = 20,
    kind: Annotated[str | None, typer.Option(help=f"Only {' or '.join(operations.KINDS)}.")] = None,
    state: Annotated[str | None, typer.Option(help=f"Only {' or '.join(operations.STATES)}.")] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show bulk work, newest first."""
    kind = None if kind is None else read_word(kind, "--kind", operations.KINDS)
    state = None if state is None else read_word(state, "--state", operations.STATES)
    with reading(database_url) as snapshot:
        found = operations.page(snapshot, limit=limit, kind=kind, state=state)
    emit([_row(operation) for operation in found], as_json=as_json, title="Jobs")


@app.command("duties")
def list_duties(*, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show what the clock looks after each minute, the longest undone first; a fault says why it fails since."""
    with reading(database_url) as snapshot:
        standing = duties.standing(snapshot)
    emit([_duty(each) for each in standing], as_json=as_json, title="Duties of the clock")


@app.command()
def show(operation_id: OperationId, *, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show one job with what it was asked and what it answered."""
    with reading(database_url) as snapshot:
        operation = jobs.get(snapshot, operation_id)
    fault = jobs.fault(operation)
    row = {
        **_row(operation),
        "fault_facts": fault and dict(fault.facts),
        "request": dict(operation.request),
        "response": operation.response,
    }
    emit(row, as_json=as_json, title=operation.name)


@app.command()
def cancel(
    operation_id: OperationId, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Stop a job after the chunk at hand; what is done stays."""
    name = f"operations/{operation_id}"
    with changing(database_url, reason, action="operations.cancel", object_name=name) as (transaction, cause):
        operation = jobs.cancel(transaction, cause, operation_id)
    emit(_row(operation), as_json=as_json, title="Cancelling")


@app.command()
def retry(
    operation_id: OperationId, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Begin work that failed or was cancelled once more."""
    with reading(database_url) as snapshot:
        action = retrying.action_of(snapshot, operation_id)
    name = f"operations/{operation_id}"
    with changing(database_url, reason, action=action, object_name=name) as (transaction, cause):
        operation = retrying.retry(transaction, cause, operation_id)
    emit(_row(operation), as_json=as_json, title="Begun again")


@app.command()
def rescore(
    *,
    as_of: Annotated[str | None, typer.Option(help="ISO time, UTC unless it says otherwise; default: now.")] = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Score every customer with the active model, then give everybody a tier."""
    standing_at = None if as_of is None else read_time(as_of, "--as-of")
    if standing_at is not None and standing_at > datetime.now(UTC):
        fail(f"--as-of {as_of}: give a time in the past")
    with changing(database_url, reason, action="customers.rescore", object_name="customers") as (transaction, cause):
        operation = rescoring.begin(transaction, cause, as_of=standing_at)
    emit(_row(operation), as_json=as_json, title="Rescoring")


@app.command()
def reconcile(
    *, campaign: Annotated[str | None, typer.Option(help="Only this one.")] = None, reason: Reason = None,
    database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Prove that ledgers and counters agree, as beat does each night; fails and names what differs if they do not."""
    rights = {"action": reconciliation.ACTION, "object_name": "campaigns"}
    with changing(database_url, reason, **rights) as (transaction, cause):
        operation = reconciliation.begin(transaction, cause, campaign_id=campaign)
    # A worker may help: of two at the same chunk, one writes.
    while not operation.done:
        with reading(database_url) as snapshot:
            found = reconciliation.compare(snapshot, operation)
        with changing(database_url, reason, **rights) as (transaction, cause):
            reconciliation.keep(transaction, operation, found, cause)
        operation = looked_up(operation.operation_id, database_url)
    refuse_unfinished(operation)
    assert operation.response is not None
    differences = operation.response["differences"]
    if as_json:
        emit({"operation_id": operation.operation_id, **operation.response}, as_json=True)
    else:
        emit({**operation.response, "differences": len(differences)}, as_json=False, title="Reconciled")
        emit(differences, as_json=False, title="what differs") if differences else None
    if differences:
        raise SystemExit(DIFFERENT)


@app.command()
def watch(
    operation_id: Annotated[str | None, typer.Argument(help="Default: the newest.")] = None,
    *,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Wait until a job is over, with a progress bar on a terminal; fails when the job did."""
    operation = waited(operation_id, database_url)
    emit(_row(operation), as_json=as_json, title=operation.name)
    refuse_unfinished(operation)


def _duty(standing: Standing) -> dict[str, object]:
    return {
        "duty": standing.duty,
        "done": written(standing.well_time),
        "fault": standing.why and Fault.read(standing.error, standing.why).sentence(),
    }


def _row(operation: Operation) -> dict[str, object]:
    fault = jobs.fault(operation)
    return {
        "operation_id": operation.operation_id,
        "kind": operation.kind,
        "state": operation.state,
        "done": operation.done_count,
        "total": operation.total_count,
        "cancel_requested": operation.cancel_requested,
        "error": operation.error,
        "fault": fault and fault.code,
        "begun": written(operation.create_time),
        "last_seen": written(operation.update_time),
    }
