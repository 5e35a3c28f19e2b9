"""`tierwise audit`: who did what, when and why."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail, progress_bar
from admin.shell.transactions import Limit, reading
from admin.typed.times import read_span, written
from campaigns import trail
from campaigns.audit import anchors, replaying, sealing
from campaigns.audit.decision import Decision
from campaigns.terms import discount_document
from database import patience
from database.audit.log import AuditEntry, Wanted

app = typer.Typer(no_args_is_help=True, add_completion=False)
LONGEST_STATEMENT_SECONDS = 30 * 60


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
    first, last = read_span(since, until)
    wanted = Wanted(object_name=of, actor=actor, action=action, outcome=outcome, since=first, until=last)
    with reading(database_url) as snapshot:
        found = trail.page(snapshot, wanted, limit=limit, before=before)
    emit([_row(entry) for entry in found], as_json=as_json, title="Audit log")


@app.command()
def verify(
    *,
    from_seq: Annotated[int, typer.Option(min=1, help="Begin at this link; what lies before is taken as good.")] = 1,
    anchor: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Checkpoints that were kept elsewhere.")
    ] = None,
    unsealed_after: Annotated[float, typer.Option(min=0, help="Seconds in which a line should be sealed.")] = 600,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Look along the chain that seals the log.

    Ends with 0: intact, 1: a line was changed, 2: a line or link is missing or moved, 3: a checkpoint knows another
    chain, 4: lines have no seal.
    """
    with reading(database_url) as snapshot, progress_bar() as bar:
        patience.limit(snapshot, LONGEST_STATEMENT_SECONDS)
        shown = bar.add_task("Verifying", total=sealing.length(snapshot) - from_seq + 1)
        try:
            found = sealing.verify(
                snapshot, () if anchor is None else anchors.read(anchor), after=from_seq - 1, now=datetime.now(UTC),
                patience=timedelta(seconds=unsealed_after), progress=lambda count: bar.advance(shown, count),
            )  # fmt: skip
        except anchors.AnchorsNotUsable as error:
            fail(str(error))
    emit(
        {
            "verdict": found.verdict.name, "checked": found.checked_count, "seq": found.seq, "line": found.audit_id,
            "message": found.message, "end_seq": found.end.seq, "end_hash": found.end.hash.hex(),
        },
        as_json=as_json, title="Audit chain",
    )  # fmt: skip
    raise typer.Exit(int(found.verdict))


@app.command()
def explain(
    *,
    customer: Annotated[str, typer.Option(help="The customer's id.")],
    campaign: Annotated[str, typer.Option(help="The campaign's id.")],
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a campaign's decision about a customer again, from the versions and facts that it was made from.

    Ends with 0: the same, 1: another one, 2: something that it was made from is not there any more.
    """
    with reading(database_url) as snapshot:
        found = replaying.explain(snapshot, campaign, customer)
    emit(
        {
            "campaign_id": campaign, "customer_id": customer, "verdict": found.sameness.name,
            "version": found.version, "frozen": written(found.time),
            "issued": _decision(found.issued),
            "replayed": None if found.replayed is None else _decision(found.replayed),
            "differences": list(found.differences), "missing": list(found.missing), "reasons": list(found.reasons),
        },
        as_json=as_json, title="Decision",
    )  # fmt: skip
    raise typer.Exit(int(found.sameness))


@app.command("export-checkpoints")
def export_checkpoints(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Made on first use, and only added to.")], *,
    database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Append the checkpoints that the file does not have: keep it where those who can change the database cannot."""
    count = 0
    with reading(database_url) as snapshot:
        try:
            while added := anchors.add_missing(snapshot, file):
                count += len(added)
        except anchors.AnchorsNotUsable as error:
            fail(str(error))
    emit({"file": str(file), "added": count}, as_json=as_json, title="Checkpoints")


def _decision(decision: Decision) -> dict[str, object]:
    discount = decision.discount
    return {
        "exclusion": decision.exclusion, "tier": decision.tier, "group": decision.group, "channel": decision.channel,
        "channel_reason": decision.channel_reason,
        "discount": None if discount is None else discount_document.to_data(discount),
    }  # fmt: skip


def _row(entry: AuditEntry) -> dict[str, object]:
    return {
        "number": entry.audit_id, "time": written(entry.time), "actor": entry.actor,
        "action": entry.action, "object": entry.object_name, "revision": entry.object_version,
        "outcome": entry.outcome, "before": entry.before, "after": entry.after, "basis": entry.basis,
        "reason": entry.reason, "request_id": entry.request_id,
    }  # fmt: skip
