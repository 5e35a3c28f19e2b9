"""`tierwise audit`: who did what, when and why."""

from typing import Annotated

import typer

from admin.output import emit
from admin.times import read_time
from admin.transactions import AsJson, DatabaseUrl, Limit, reading
from campaigns import trail
from database.audit import AuditEntry, Wanted

app = typer.Typer(help="The audit log, which can only grow.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The audit log, which can only grow."""


@app.command("list")
def list_entries(
    *,
    limit: Limit = 50,
    of: Annotated[str | None, typer.Option(help="Only this object, such as campaigns/spring or customers/17.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only this actor, such as operator:anna.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action, such as campaigns.launch.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Only OK, DENIED, FAILED or DRY_RUN.")] = None,
    since: Annotated[str | None, typer.Option(help="ISO time; UTC unless it says otherwise.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this ISO time.")] = None,
    before: Annotated[int | None, typer.Option(help="Go on below this number.")] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the log, newest first."""
    wanted = Wanted(
        object_name=of, actor=actor, action=action, outcome=outcome,
        since=None if since is None else read_time(since, "--since"),
        until=None if until is None else read_time(until, "--until"),
    )  # fmt: skip
    with reading(database_url) as snapshot:
        found = trail.page(snapshot, wanted, limit=limit, before=before)
    emit([_row(entry) for entry in found], as_json=as_json, title="Audit log")


def _row(entry: AuditEntry) -> dict[str, object]:
    return {
        "number": entry.audit_id, "time": entry.time.isoformat(timespec="seconds"), "actor": entry.actor,
        "action": entry.action, "object": entry.object_name, "version": entry.object_version,
        "outcome": entry.outcome, "before": entry.before, "after": entry.after, "basis": entry.basis,
        "reason": entry.reason, "request_id": entry.request_id,
    }  # fmt: skip
