"""`tierwise audit`: who did what, when and why."""

from typing import Annotated

import typer

from admin.output import emit
from admin.transactions import AsJson, DatabaseUrl, Limit, reading
from database import audit

app = typer.Typer(help="The audit log, which can only grow.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The audit log, which can only grow."""


@app.command("list")
def list_entries(
    *,
    limit: Limit = 50,
    of: Annotated[str | None, typer.Option(help="Only this object, such as campaigns/spring.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only this actor, such as operator:anna.")] = None,
    before: Annotated[int | None, typer.Option(help="Go on below this number.")] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the log, newest first."""
    with reading(database_url) as snapshot:
        found = audit.page(snapshot, limit=limit, before=before, object_name=of, actor=actor)
    rows = [
        {
            "number": entry.audit_id, "time": entry.time.isoformat(timespec="seconds"), "actor": entry.actor,
            "action": entry.action, "object": entry.object_name, "outcome": entry.outcome, "before": entry.before,
            "after": entry.after, "reason": entry.reason, "request_id": entry.request_id,
        }
        for entry in found
    ]  # fmt: skip
    emit(rows, as_json=as_json, title="Audit log")
